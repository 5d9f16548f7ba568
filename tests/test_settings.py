from __future__ import annotations

import re
import tomllib

import pytest
from pydantic import BaseModel, ValidationError

import busta
from busta.errors import UsageError
from busta.settings import Bets, Gate, Settings
from busta.workflows.init import init, template
from workspaces import forget_variables

FILES = ("busta.toml", "params.yaml", "dvc.yaml", ".dvcignore", ".gitignore")


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    forget_variables(monkeypatch)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def toml(home):
    def write(text):
        (home / "busta.toml").write_text(text)

    return write


def test_a_flag_beats_the_environment_beats_the_file_beats_the_default(toml, monkeypatch):
    seeds = [busta.load().train.seed]
    toml("[train]\nseed = 1")
    seeds.append(busta.load().train.seed)
    monkeypatch.setenv("BUSTA_TRAIN__SEED", "2")
    seeds.append(busta.load().train.seed)
    seeds.append(busta.load(train={"seed": 3}).train.seed)

    assert seeds == [20, 1, 2, 3]


def test_a_value_of_a_section_leaves_the_others_at_their_defaults(toml, monkeypatch):
    toml("[train.blind.boosting]\nmax_depth = 3")
    monkeypatch.setenv("BUSTA_TRAIN__BLIND__BOOSTING__ETA", "0.5")

    blind, default = busta.load(train={"jobs": 1}).train.blind, Settings().train.blind

    assert blind.boosting == default.boosting.model_copy(update={"max_depth": 3, "eta": 0.5})
    assert blind.boosting.rounds != busta.load().train.anchored.boosting.rounds
    assert blind.linear == default.linear


def test_the_workspace_is_the_current_folder_or_busta_home_or_a_flag(home, monkeypatch):
    assert busta.load().home.resolve() == home.resolve()

    (home / "mine").mkdir()
    (home / "mine" / "busta.toml").write_text("[train]\nseed = 5")
    monkeypatch.setenv("BUSTA_HOME", str(home / "mine"))
    assert busta.load().home == home / "mine"
    assert busta.load().train.seed == 5
    assert busta.load(home=home).home == home
    assert busta.load(home=home).train.seed == 20


def test_a_file_named_explicitly_is_read_instead_of_the_workspaces(toml, home):
    toml("[train]\nseed = 1")
    (home / "other.toml").write_text("[train]\njobs = 4")

    train = busta.load(home / "other.toml").train

    assert (train.seed, train.jobs) == (20, 4)


def test_folders_lie_in_the_workspace(home):
    settings = busta.load(home=home)

    assert [settings.tables, settings.raw, settings.gold] == [home / "data" / x for x in ("tables", "raw", "gold")]


@pytest.mark.parametrize(
    ("text", "key", "allowed"),
    [
        ("[trian]\nseed = 1", "trian", sorted(Settings.model_fields)),
        ("[bets]\nmin_edg = 1", "bets.min_edg", sorted(Bets.model_fields)),
        ("[gate]\nhorizn = 1", "gate.horizn", sorted(Gate.model_fields)),
        ("[train.anchored.linear]\nlasso = 1", "train.anchored.linear.lasso", ["ridge"]),
    ],
)
def test_an_unknown_key_is_refused_with_those_that_are_allowed(toml, text, key, allowed):
    toml(text)

    with pytest.raises(UsageError, match=re.escape(f"unknown setting {key!r}; allowed there: {', '.join(allowed)}.")):
        busta.load()


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[train]\nmin_train_games = 3", r"train.min_train_games = 3: .*greater than or equal to 50"),
        ("[train]\nseed = 'x'", r"train.seed = 'x': .*valid integer"),
        ("[bets]\nvig_method = 'magic'", r"bets.vig_method = 'magic': .*'multiplicative', 'additive', 'power'"),
        ("[train]\nseed = 'x'\njobs = 0", r"train.seed = 'x': .* \(and 1 more\)"),
        ("train = 1", r"setting train = 1: "),
        ("[gate]\nalpha = 0.5", r"gate.alpha = 0.5: .*less than 0.5"),
        ("[gate]\nplanned_trials = 0", r"gate.planned_trials = 0: .*greater than or equal to 1"),
        ("[gate]\nhorizon = 100", r"gate.horizon = 100: .*greater than or equal to 272"),
        ("[gate]\nline_margin = 0.5", r"gate.line_margin = 0.5: .*less than 0.1"),
        ("[gate]\nchampion_margin = 0", r"gate.champion_margin = 0: .*greater than 0"),
        ("[gate]\nrecent_weeks = 3", r"gate.recent_weeks = 3: .*greater than or equal to 4"),
        ("[bets]\nallow_unproven = 'perhaps'", r"bets.allow_unproven = 'perhaps': .*valid boolean"),
    ],
)
def test_a_wrong_value_is_named_with_what_is_allowed(toml, home, text, says):
    toml(text)

    with pytest.raises(UsageError, match=says) as caught:
        busta.load()
    assert "busta.toml" in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1


def test_a_wrong_value_of_the_environment_is_refused(monkeypatch):
    monkeypatch.setenv("BUSTA_TRAIN__SEED", "many")

    with pytest.raises(UsageError, match=r"train\.seed = 'many': .*valid integer.*BUSTA_"):
        busta.load()


def test_a_section_given_whole_in_the_environment_must_be_json(monkeypatch):
    monkeypatch.setenv("BUSTA_TRAIN", "seed=1")
    with pytest.raises(UsageError, match="BUSTA_SECTION__KEY"):
        busta.load()

    monkeypatch.setenv("BUSTA_TRAIN", '{"seed": 1}')
    assert busta.load().train.seed == 1


@pytest.mark.parametrize("content", [b"[train\nseed = 1", b"[train]\nseed = 1\nseed = 2", b"\xff\xfe[train]"])
def test_a_file_that_is_not_toml_is_one_clear_error(home, content):
    (home / "busta.toml").write_bytes(content)

    with pytest.raises(UsageError, match=r"busta\.toml is not valid TOML"):
        busta.load()


def test_a_configuration_file_that_is_not_there_is_refused(home):
    with pytest.raises(UsageError, match=r"no configuration file .*nope\.toml; `busta init`"):
        busta.load(home / "nope.toml")


@pytest.mark.parametrize("path", ["home", "train", "train.seed", "train.blind.linear.ridge"])
def test_settings_are_frozen(path):
    *parents, name = path.split(".")
    part = busta.load()
    for parent in parents:
        part = getattr(part, parent)

    with pytest.raises(ValidationError, match="frozen"):
        setattr(part, name, 1)


def test_a_password_in_the_file_is_refused_and_not_repeated(toml):
    toml('[tracking]\ntracking_uri = "https://me:hunter2@mlflow.example"')

    with pytest.raises(UsageError, match="BUSTA_TRACKING__TRACKING_URI") as caught:
        busta.load()
    assert "hunter2" not in str(caught.value)


def test_a_password_of_a_cluster_in_the_file_is_refused(toml):
    toml('[train]\ncluster = "tls://me:hunter2@scheduler.example:8786"')

    with pytest.raises(UsageError, match="BUSTA_TRAIN__CLUSTER"):
        busta.load()


@pytest.mark.parametrize("url", ["postgresql://me:hunter2@host/db", "postgresql://host/db?user=me&password=hunter2"])
def test_a_password_of_the_ledger_in_the_file_is_refused_and_not_repeated(toml, url):
    toml(f'[ledger]\nurl = "{url}"')

    with pytest.raises(UsageError, match="BUSTA_LEDGER__URL") as caught:
        busta.load()
    assert "hunter2" not in str(caught.value)


def test_a_password_in_the_environment_is_taken(toml, monkeypatch):
    toml('[tracking]\ntracking_uri = "https://mlflow.example"')
    monkeypatch.setenv("BUSTA_TRACKING__TRACKING_URI", "https://me:hunter2@mlflow.example")

    assert busta.load().tracking.tracking_uri == "https://me:hunter2@mlflow.example"


def test_a_password_may_stand_in_a_file_of_its_own(toml, home, monkeypatch):
    (home / "secrets").mkdir()
    (home / "secrets" / "BUSTA_TRACKING__TRACKING_URI").write_text("postgresql://me:hunter2@host/db\n")
    monkeypatch.setenv("BUSTA_SECRETS_DIR", str(home / "secrets"))
    toml("[train]\nseed = 7")
    assert busta.load().tracking.tracking_uri == "postgresql://me:hunter2@host/db"
    assert busta.load().train.seed == 7


def test_a_folder_of_secrets_that_is_not_there_is_refused(home, monkeypatch):
    monkeypatch.setenv("BUSTA_SECRETS_DIR", str(home / "nowhere"))
    with pytest.raises(UsageError, match="is not a folder"):
        busta.load()


def test_a_file_of_secrets_that_is_no_text_is_refused_and_not_shown(home, monkeypatch):
    (home / "secrets").mkdir()
    (home / "secrets" / "BUSTA_NOTIFY__TOKEN").write_bytes(b"hunter2\xff")
    monkeypatch.setenv("BUSTA_SECRETS_DIR", str(home / "secrets"))
    with pytest.raises(UsageError, match=r"secrets \(BUSTA_SECRETS_DIR\) is not text in UTF-8") as caught:
        busta.load()
    assert caught.value.__cause__ is None
    assert "hunter2" not in str(caught.value)


def test_a_password_at_the_wrong_place_is_not_repeated(monkeypatch):
    monkeypatch.setenv("BUSTA_TRAIN__SEED", "https://me:hunter2@mlflow.example")

    with pytest.raises(UsageError, match=r"train\.seed = 'https://\*\*\*@mlflow\.example'"):
        busta.load()


def test_an_empty_variable_says_nothing(toml, monkeypatch):
    toml("[train]\nseed = 1")
    for name in ("BUSTA_TRAIN__SEED", "BUSTA_TRACKING__TRACKING_URI"):
        monkeypatch.setenv(name, "")

    assert busta.load().train.seed == 1
    assert busta.load().tracking.tracking_uri is None


def keys(section, prefix=""):
    for name, field in section.model_fields.items():
        if isinstance(field.default, BaseModel):
            yield from keys(type(field.default), f"{prefix}{name}.")
        else:
            yield prefix + name


def value(settings, key):
    for part in key.split("."):
        settings = getattr(settings, part)
    return settings


NUMBERS = [key for key in keys(Settings) if key != "home" and isinstance(value(Settings(), key), float)]
NUMBERS += ["bets.max_edge", "bets.strongest"]  # not set by default


@pytest.mark.parametrize(("text", "says"), [("nan", "not a number"), ("inf", "infinite"), ("-inf", "infinite")])
@pytest.mark.parametrize("key", NUMBERS)
def test_a_value_that_is_not_a_finite_number_is_refused_wherever_it_comes_from(
    home, toml, monkeypatch, key, text, says
):
    section, _, name = key.rpartition(".")
    said = re.compile(rf"^setting {re.escape(key)} = '?{text}'?: {says}; needed is a finite number\. Set in")

    toml(f"[{section}]\n{name} = {text}")
    with pytest.raises(UsageError, match=said):
        busta.load()

    (home / "busta.toml").unlink()
    monkeypatch.setenv(f"BUSTA_{key.replace('.', '__')}".upper(), text)
    with pytest.raises(UsageError, match=said):
        busta.load()


def test_a_whole_number_that_is_none_is_refused():
    with pytest.raises(UsageError, match=r"train\.seed = nan: not a number"):
        busta.load(train={"seed": float("nan")})


@pytest.mark.parametrize("name", ["config", "home"])
def test_a_path_may_be_text_and_nothing_else(home, name):
    (home / "other.toml").write_text("[train]\nseed = 5")
    assert busta.load(str(home / "other.toml")).train.seed == 5
    assert busta.load(home=str(home)).home == home
    with pytest.raises(UsageError, match=f"^{name} = 3: needed is a path$"):
        busta.load(**{name: 3})


def test_the_template_has_every_key_and_changes_nothing(toml):
    toml(template())

    flat = re.findall(r"^\[(\S+)\]|^# (\w+) = ", template(), flags=re.MULTILINE)
    named, section = set(), ""
    for heading, key in flat:
        section = heading or section
        named |= {f"{section}.{key}"} if key else set()
    assert named == {key for key in keys(Settings) if key != "home"}
    assert busta.load().model_dump() == Settings().model_dump()


def test_the_template_with_every_line_uncommented_is_the_defaults(toml):
    text = re.sub(r"^# (?=\w+ = )", "", template(), flags=re.MULTILINE)
    assert len(tomllib.loads(text)["train"]) > 5
    toml(text)

    assert busta.load().model_dump() == Settings().model_dump()


def test_init_makes_the_workspace_and_never_overwrites(home):
    first = init(home / "new" / "bets")
    files = [home / "new" / "bets" / name for name in FILES]
    assert (first["written"], first["kept"]) == ([str(file) for file in files], [])
    assert files[0].read_text() == template()

    for file in files:
        file.write_text("# mine")
    again = init(files[0].parent)
    assert (again["written"], again["kept"]) == ([], [str(file) for file in files])
    assert {file.read_text() for file in files} == {"# mine"}


def test_init_takes_text_as_a_path_and_nothing_else(home):
    assert init(str(home / "new"))["written"][0] == str(home / "new" / "busta.toml")
    with pytest.raises(UsageError, match=r"^folder = None: needed is a path$"):
        init(None)


@pytest.mark.parametrize("key", ["webhook", "token", "smtp_password"])
def test_a_secret_of_notifications_stands_in_no_settings_file(toml, monkeypatch, key):
    toml(f'[notify]\n{key} = "hunter2"')
    with pytest.raises(UsageError, match=f"notify.{key} is a secret; .*BUSTA_NOTIFY__{key.upper()}") as caught:
        busta.load()
    assert "hunter2" not in str(caught.value)
    toml("")
    monkeypatch.setenv(f"BUSTA_NOTIFY__{key.upper()}", "hunter2")
    found = busta.load().notify
    assert getattr(found, key).get_secret_value() == "hunter2"
    assert "hunter2" not in f"{found} {found.model_dump_json()}"


def test_a_password_is_not_sent_over_a_line_anybody_can_read(monkeypatch):
    monkeypatch.setenv("BUSTA_NOTIFY__SMTP_PASSWORD", "hunter2")
    here = {"smtp_host": "127.0.0.1", "smtp_tls": "none"}
    assert busta.load(notify=here).notify.smtp_tls == "none"
    with pytest.raises(UsageError, match="a password needs smtp_tls") as caught:
        busta.load(notify=here | {"smtp_host": "mail.example.org"})
    assert "hunter2" not in str(caught.value)


def yaml_of(home, text):
    (home / "params.yaml").write_text(text)
    return home / "params.yaml"


def test_a_yaml_file_says_what_a_toml_file_says(toml, home):
    toml("[train]\nseed = 3\nwindow = 4\n[train.blind.boosting]\nmax_depth = 3\n[sim]\nedge = 1e-1\n[serve]\nport = 9")
    yaml = "train:\n  seed: 3\n  window: 4\n  blind: {boosting: {max_depth: 3}}\nsim: {edge: 1e-1}\nserve: {port: 9}"

    assert busta.load(yaml_of(home, yaml)).model_dump() == busta.load().model_dump()


def test_nothing_is_said_by_an_empty_yaml_file_or_a_null(home):
    assert busta.load(yaml_of(home, "# nothing")).model_dump() == Settings().model_dump()
    assert busta.load(yaml_of(home, "train: {window: null, seed: ''}")).train == Settings().train


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("train: [", r"is not valid YAML: .* \(at line 1, column 9\)$"),
        ("train: {seed: 1}\ntrain: {seed: 2}", r"is not valid YAML: 'train' is there twice \(at line 2, column 1\)$"),
        ("train: \x00", r"is not valid YAML: "),
        ("- train", r"is not a file of settings; needed are sections"),
        ("1: 2", r"is not a file of settings; needed are sections"),
        ("train: !!python/object:os.system {}", r"is not valid YAML: could not determine a constructor"),
        ("trian: {seed: 1}", r"unknown setting 'trian'; allowed there: .*train"),
        ("train: 1", r"setting train = 1: "),
        ("train: {seed: -1}", r"setting train\.seed = -1: .*greater than or equal to 0"),
        ("tracking: {tracking_uri: 'http://me:secret@host'}", r"tracking\.tracking_uri holds a password; give it as"),
        ("tune: {storage: 'postgresql://host/x?password=secret'}", r"tune\.storage holds a password"),
        ("odds_api: {key: secret}", r"odds_api\.key is a secret"),
    ],
)
def test_what_is_wrong_in_a_yaml_file_is_said_as_of_toml(home, text, says):
    with pytest.raises(UsageError, match=says) as caught:
        busta.load(yaml_of(home, text))
    assert "params.yaml" in str(caught.value)
    assert "secret" not in str(caught.value).replace("is a secret", "")
    assert len(str(caught.value).splitlines()) == 1


def test_a_yaml_file_that_is_no_text_is_refused(home):
    yaml_of(home, "").write_bytes(b"\xff\xfe\x80")
    with pytest.raises(UsageError, match="is not valid YAML"):
        busta.load(home / "params.yaml")


def test_a_market_has_the_settings_of_all_but_for_those_of_its_own(toml):
    toml("[train]\nseed = 3\n[train.anchored.boosting]\neta = 0.1\n[train.markets.ats.anchored.boosting]\nrounds = 9")
    settings = busta.load()

    ats, other = settings.of_market("ats"), settings.of_market("totals")

    assert ats.train.anchored.boosting == other.train.anchored.boosting.model_copy(update={"rounds": 9})
    assert (ats.train.seed, ats.train.anchored.boosting.eta, ats.train.markets) == (3, 0.1, {})
    assert ats.train.anchored.linear == other.train.anchored.linear == Settings().train.anchored.linear
    assert other.train == settings.train.model_copy(update={"markets": {}})
    assert ats.bets == settings.bets


def test_the_settings_of_a_market_are_the_same_after_a_journey(toml, monkeypatch):
    toml("[train.markets.ats]\nseed = 4")
    monkeypatch.setenv("BUSTA_TRAIN__MARKETS__ATS__JOBS", "1")
    settings = busta.load()
    assert settings.model_dump()["train"]["markets"] == {"ats": {"seed": 4, "jobs": 1}}

    again = Settings(**settings.model_dump() | {"train": settings.train.model_dump() | {"window": 7}})

    assert (again.of_market("ats").train.window, again.of_market("ats").train.seed) == (7, 4)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[train.markets.ats]\nsed = 4", r"unknown setting 'train\.markets\.ats\.sed'; allowed there: anchored, blind"),
        ("[train.markets.ats.blind.linear]\nrige = 4", r"unknown setting '.*\.rige'; allowed there: ridge\."),
        ("[train.markets.ats]\nseed = -4", r"setting train\.markets\.ats\.seed = -4: "),
        ("[train.markets.ats.markets.ats]\nseed = 4", r"setting train\.markets = .*a market has no markets of its own"),
        ("[train.markets.halves]\nseed = 4", r"unknown market 'halves'"),
        ("[train.markets.over-under]\nseed = 4", r"train\.markets\.over-under: the market's own name is 'totals'"),
    ],
)
def test_settings_of_a_market_are_checked_as_all_are(toml, text, says):
    toml(text)
    with pytest.raises(UsageError, match=says):
        busta.load()
