"""Settings of what keeps models alive: retraining, and whom to tell of it."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, SecretStr, model_validator

from busta.settings.section import Section

__all__ = ["Event", "Notify", "Retrain", "Trigger"]

Trigger = Literal["drift", "decay", "prediction", "results", "calendar"]
Event = Literal["retrained", "promoted", "rolled back", "refused", "failed"]


class Retrain(Section):
    """When a model is trained again by itself, and what it takes to make the new one champion."""

    triggers: tuple[Trigger, ...] = ("drift", "decay", "prediction", "results", "calendar")
    """What may call for a training; the first three are what `busta watch` finds."""
    results: Annotated[int, Field(ge=1, le=100_000)] = 64
    """Finished games since the champion's last one that call for a training."""
    days: Annotated[float, Field(gt=0, le=3650)] | None = None
    """Days after which the calendar calls for one; by default only a season that is about to begin does."""
    season_start: bool = True
    """Let the calendar call for one before a season while the champion has not seen all games of those before."""
    gap_days: Annotated[float, Field(ge=0, le=3650)] = 14.0
    """Days that lie between two trainings, whatever calls."""
    gap_games: Annotated[int, Field(ge=0, le=100_000)] = 16
    """Finished games that lie between them."""
    hysteresis: Annotated[int, Field(ge=0, le=100_000)] = 16
    """Finished games over which drift or decay has to be reported without a break before it counts."""
    shadow_games: Annotated[int, Field(ge=0, le=100_000)] = 32
    """Games that champion and challenger both forecast before the challenger may be promoted."""
    shadow_weeks: Annotated[int, Field(ge=0, le=520)] = 2
    """Weeks of the same."""
    probation: Annotated[int, Field(ge=0, le=100_000)] = 272
    """Games after a promotion by rule in which the champion before it may come back."""
    lease: Annotated[float, Field(ge=1, le=3600)] = 60.0
    """Seconds after which a retraining that gives no sign of life has lost its turn to another machine's."""


class Notify(Section):
    """Whom to tell of retrainings: a webhook, a mailbox, both or nobody."""

    events: tuple[Event, ...] = ("retrained", "promoted", "rolled back", "refused", "failed")
    """What is told."""
    webhook: SecretStr | None = None
    """Address that gets a JSON object by POST; only as the variable or in a file of secrets, as it may be a key."""
    header: Annotated[str, Field(pattern=r"^[A-Za-z0-9-]{1,80}$")] = "Authorization"
    """Header that ``token`` is sent in."""
    token: SecretStr | None = None
    """What the webhook knows you by; only as the variable or in a file of secrets."""
    mail_to: tuple[Annotated[str, Field(pattern=r"^[^@\s,<>]+@[^@\s,<>]+$")], ...] = ()
    """Addresses that get an e-mail."""
    mail_from: Annotated[str, Field(pattern=r"^[^@\s,<>]+@[^@\s,<>]+$")] = "busta@localhost"
    """Address it comes from."""
    smtp_host: str | None = None
    """Server that takes e-mail; without one none is sent."""
    smtp_port: Annotated[int, Field(ge=1, le=65_535)] = 587
    """Its port."""
    smtp_tls: Literal["starttls", "tls", "none"] = "starttls"
    """How the connection is encrypted."""
    smtp_user: str | None = None
    """Name to log in with; without one nobody logs in."""
    smtp_password: SecretStr | None = None
    """Its password; only as the variable or in a file of secrets."""
    timeout: Annotated[float, Field(gt=0, le=600)] = 10.0
    """Seconds to wait for either, each try."""
    retries: Annotated[int, Field(ge=0, le=10)] = 3
    """Tries after the first one that failed."""

    @model_validator(mode="after")
    def _encrypted(self) -> Notify:
        """A password goes over no line that anybody can read."""
        if self.smtp_password and self.smtp_tls == "none" and self.smtp_host not in ("localhost", "127.0.0.1", "::1"):
            raise ValueError('a password needs smtp_tls = "starttls" or "tls"')
        return self
