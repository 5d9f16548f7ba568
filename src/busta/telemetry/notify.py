"""Notifications: what happened, told to a webhook (JSON by POST) and by e-mail.

A receiver may get the same notice twice, after a kill between sending and noting so: ``id`` tells. No address, key
or password of the settings is in an error or a log.
"""

from __future__ import annotations

import json
import logging
import ssl
import time
from contextvars import ContextVar
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from busta.errors import OutsideError

if TYPE_CHECKING:
    import smtplib
    from collections.abc import Callable
    from email.message import EmailMessage

    from pydantic import SecretStr

    from busta.settings import Notify

__all__ = ["MAIL", "WEBHOOK", "Notice", "send", "targets"]

WEBHOOK, MAIL = "webhook", "mail"
_FIRST_DELAY, _LONGEST_DELAY = 0.5, 30.0
_PASSING = frozenset({408, 425, 429, 500, 502, 503, 504})  # HTTP answers that may be another a moment later
_FOR_GOOD = 500  # from here on an SMTP answer is no for good
_HUSH: ContextVar[bool] = ContextVar("hush", default=False)


class _Hushed(logging.Filter):
    """Keeps httpx from logging an address that may be a key as a whole."""

    def filter(self, record: logging.LogRecord) -> bool:  # noqa: ARG002 - the signature is the library's
        return not _HUSH.get()


logging.getLogger("httpx").addFilter(_Hushed())


@dataclass(frozen=True, slots=True)
class Notice:
    """What happened.

    Attributes:
        id: The same for the same notice, however often it is sent.
        event: ``retrained``, ``promoted``, ``rolled back``, ``refused`` or ``failed``.
        model: Name of the registered model.
        champion: Version in charge after it.
        challenger: Version that was tried, if there is one.
        reason: Why.
        at: When, ISO in UTC.
    """

    id: str
    event: str
    model: str
    champion: str | None
    challenger: str | None
    reason: str
    at: str


class _PassingError(Exception):
    """A failure that another try may not have."""


def targets(rules: Notify) -> list[str]:
    """Who is told: ``webhook``, ``mail``, both or nobody."""
    mail = bool(rules.smtp_host and rules.mail_to)
    return [WEBHOOK] * (rules.webhook is not None) + [MAIL] * mail


def send(rules: Notify, target: str, notice: Notice, *, sleep: Callable[[float], None] = time.sleep) -> None:
    """Tells one target, with further tries at growing intervals where a failure may pass.

    Args:
        rules: Where and how.
        target: One of `targets`.
        notice: What happened.
        sleep: Waits that many seconds.

    Raises:
        OutsideError: It could not be told.
    """
    one_try = {WEBHOOK: _post, MAIL: _mail}[target]
    for tries in range(1, rules.retries + 2):
        try:
            one_try(rules, notice)
        except _PassingError as exc:
            if tries > rules.retries:
                times = f" ({tries} tries)" if tries > 1 else ""
                raise OutsideError(f"the {target} of [notify] was not told: {exc}{times}") from None
            sleep(min(_FIRST_DELAY * 2 ** (tries - 1), _LONGEST_DELAY))
        else:
            return


def _post(rules: Notify, notice: Notice) -> None:
    import httpx

    headers = {"User-Agent": "busta", "Content-Type": "application/json"}
    if rules.token is not None:
        headers[rules.header] = rules.token.get_secret_value()
    content = json.dumps(asdict(notice), ensure_ascii=False).encode()
    token = _HUSH.set(True)
    try:  # not redirected: a token is for one address
        with (
            httpx.Client(timeout=rules.timeout) as client,
            client.stream("POST", _secret(rules.webhook), content=content, headers=headers) as response,
        ):
            status, reason = response.status_code, response.reason_phrase
    except httpx.TransportError as exc:
        if isinstance(exc, httpx.UnsupportedProtocol):
            raise OutsideError("the webhook of [notify] is no http or https address") from None
        raise _PassingError(_of(exc)) from None
    except (httpx.InvalidURL, ValueError):  # their words would show the address or the token
        raise OutsideError("the webhook of [notify] is no address, or its token no text of one line") from None
    finally:
        _HUSH.reset(token)
    _check(status, reason)


def _check(status: int, reason: str) -> None:
    if status in _PASSING:
        raise _PassingError(f"it answered {status} {reason}".strip())
    if not 200 <= status < 300:  # noqa: PLR2004 - HTTP's good answers
        raise OutsideError(f"the webhook of [notify] was not told: it answered {status} {reason}".strip())


def _of(exc: Exception) -> str:
    return "no answer in time" if "timeout" in type(exc).__name__.lower() else f"no connection ({type(exc).__name__})"


def _mail(rules: Notify, notice: Notice) -> None:
    import smtplib

    try:
        with _connected(rules) as server:
            if rules.smtp_tls == "starttls":
                server.starttls(context=_trust())
            if rules.smtp_user:
                server.login(rules.smtp_user, _secret(rules.smtp_password))
            server.send_message(_letter(rules, notice))
    except smtplib.SMTPResponseException as exc:
        refused = f"the server answered {exc.smtp_code}"
        if exc.smtp_code >= _FOR_GOOD:
            raise OutsideError(f"the mail of [notify] was not sent: {refused}") from None
        raise _PassingError(refused) from None
    except smtplib.SMTPRecipientsRefused:
        raise OutsideError("the mail of [notify] was not sent: the server takes none for mail_to") from None
    except smtplib.SMTPNotSupportedError as exc:
        raise OutsideError(f"the mail of [notify] was not sent: {exc}") from None
    except (OSError, smtplib.SMTPException) as exc:
        raise _PassingError(_of(exc)) from None
    except UnicodeError:  # its words would show the password
        words = "smtp_host is no name of a host, or smtp_user or smtp_password is not plain ASCII"
        raise OutsideError(f"the mail of [notify] was not sent: {words}") from None


def _connected(rules: Notify) -> smtplib.SMTP:
    import smtplib

    host = rules.smtp_host or ""
    if rules.smtp_tls == "tls":
        return smtplib.SMTP_SSL(host, rules.smtp_port, timeout=rules.timeout, context=_trust())
    return smtplib.SMTP(host, rules.smtp_port, timeout=rules.timeout)


def _trust() -> ssl.SSLContext:
    return ssl.create_default_context()


def _letter(rules: Notify, notice: Notice) -> EmailMessage:
    from email.message import EmailMessage

    letter = EmailMessage()
    letter["Subject"] = f"busta: {notice.model}: {notice.event}"
    letter["From"], letter["To"] = rules.mail_from, ", ".join(rules.mail_to)
    letter["X-Busta-Id"] = notice.id
    rows = [f"{name}: {value}" for name, value in asdict(notice).items() if value is not None]
    letter.set_content("\n".join(rows) + "\n")
    return letter


def _secret(value: SecretStr | None) -> str:
    return "" if value is None else value.get_secret_value()
