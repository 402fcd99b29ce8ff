"""config.py, the environment and the command line -> one frozen Settings. Validates; pure."""

from __future__ import annotations

import difflib
import re
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    field_validator,
    model_validator,
)

from edgeload.edge_facts import DETECTOR_ID_FORM, is_detector_id
from edgeload.objectives import Objective, parse_abort, parse_objective
from edgeload.plan import BUILT_IN_RAMP, Arrivals, LatePolicy, Plan, linear_ramp, ramp_steps

TOKEN = "GROUNDLIGHT_API_TOKEN"
_MAX_WORKERS = 1024
_CLOUD_DOMAINS = ("groundlight.ai", "positronix.ai")


class SettingError(ValueError):
    """A setting is not legal. The text is one line per setting: name, value, what is legal."""


def _empty_is_none(value: object) -> object:
    return None if isinstance(value, str) and not value.strip() else value


def _ramp_from_text(value: object) -> object:
    """`1,5,20` or the word of the built-in ramp -> a tuple of client counts."""
    if value == "built-in":
        return BUILT_IN_RAMP
    if isinstance(value, str):
        parts = [part.strip() for part in value.split(",")]
        if not all(part.isdecimal() for part in parts):
            raise ValueError("must be client counts, as in 1,5,20")
        return tuple(parts)
    return value


def _number_or_word(value: object) -> object:
    if isinstance(value, str) and value not in ("auto", "clients"):
        if not value.isdecimal() or not 1 <= int(value) <= _MAX_WORKERS:
            raise ValueError(f"must be a number from 1 to {_MAX_WORKERS}, auto, or clients")
        return int(value)
    return value


def _one_or_more(value: object) -> object:
    """A text stands for a list of one; None and the empty text for none."""
    return (value,) if isinstance(value, str) and value.strip() else value or ()


def _objective_text(text: str) -> str:
    return parse_objective(text).text


def _abort_text(text: str) -> str:
    return parse_abort(text).text


_Objectives = Annotated[
    tuple[Annotated[str, AfterValidator(_objective_text)], ...], BeforeValidator(_one_or_more)
]
_AbortConditions = Annotated[
    tuple[Annotated[str, AfterValidator(_abort_text)], ...], BeforeValidator(_one_or_more)
]
_Text = Annotated[str | None, BeforeValidator(_empty_is_none)]
_File = Annotated[Path | None, BeforeValidator(_empty_is_none)]
_Seconds = Annotated[float, Field(gt=0, le=7 * 86400, allow_inf_nan=False)]
_Clients = Annotated[int, Field(ge=1, le=100_000)]


class Settings(BaseModel):
    """Every setting of a run, resolved and legal. Names are those of config.py in lower case.

    A field's description is the text of its command-line option.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    endpoint_url: _Text = Field(
        None,
        description="the Edge Endpoint, as in https://192.0.2.7:30143; "
        "empty: the embedded endpoint, a simulator on this machine",
    )
    groundlight_api_token: SecretStr | None = None
    detector_id: _Text = Field(None, description="detector to submit to, det_ and 27 characters")
    detector_name: _Text = Field(None, description="its name, where no id is given")
    detector_query: _Text = Field(None, description="its query, where no id is given")
    timeout: _Seconds = Field(
        10.0, description="seconds for one request, connecting and answer included"
    )
    insecure: bool = Field(False, description="accept any TLS certificate")
    cacert: _File = Field(None, description="file with the certificate (PEM) to trust")

    max_clients: _Clients = Field(10, description="clients in the last step of the ramp")
    step_size: _Clients = Field(1, description="clients added at each step, and in the first")
    custom_ramp: Annotated[
        tuple[_Clients, ...] | None, Field(min_length=1), BeforeValidator(_ramp_from_text)
    ] = Field(
        None,
        description="clients of each step, as in 1,5,20, in place of --max-clients and "
        "--step-size; without a value: " + ",".join(map(str, BUILT_IN_RAMP)),
    )
    requests_per_second: Annotated[float, Field(gt=0, le=10_000, allow_inf_nan=False)] = Field(
        10.0, description="requests per second that each client tries to send"
    )
    time_between_ramp: _Seconds = Field(30.0, description="seconds that each step lasts")
    warmup: Annotated[float, Field(ge=0, allow_inf_nan=False)] | None = Field(
        None, description="seconds cut from the head of each step; default: 2, at most half a step"
    )
    arrivals: Arrivals = Field("constant", description="due times of a client")
    late: LatePolicy = Field(
        "queue", description="a client that is behind sends late, or skips what it could not send"
    )
    client: Literal["http", "sdk"] = Field(
        "http", description="send with the lean client, or with the Groundlight SDK"
    )
    workers: Annotated[
        Literal["auto", "clients"] | Annotated[int, Field(ge=1, le=_MAX_WORKERS)],
        BeforeValidator(_number_or_word),
    ] = Field(
        "auto",
        description="worker processes that host the clients: a number, auto (one per usable "
        "core), or clients (one per client)",
    )
    seed: Annotated[int, Field(ge=0, lt=2**63)] = Field(
        1, description="fixes phases, Poisson arrivals and pixel noise"
    )

    slo: _Objectives = Field(
        (),
        description='objective to meet, as in "p95<300ms", "p99.9 service<1s", "errors<0.5%", '
        '"missed<1%", "throughput>=95%", "edge>=99.9%"; before it, "each step:" or '
        '"20 clients:"; may be given several times',
    )
    abort_on: _AbortConditions = Field(
        (),
        description='end the run early where a step goes so wrong, as in "errors>50%", '
        '"missed>20%", "p95>5s"; may be given several times',
    )

    image_path: Path = Field(
        Path("images/dog_resized_256x256.jpeg"), description="picture that is sent"
    )
    image_pool: Annotated[int, Field(ge=1, le=100_000)] = Field(
        64, description="different pictures made from it before the run"
    )
    same_image: bool = Field(False, description="send the one picture as it is, each time")

    log_file: Path = Field(Path("load_test.log"), description="log of the run, overwritten")
    output_dir: Path = Field(Path("load_test_results"), description="folder of the results")

    hdr: bool = Field(False, description="write HdrHistogram percentile files too, one a step")
    prometheus_port: Annotated[
        Annotated[int, Field(ge=1, le=65535)] | None, BeforeValidator(_empty_is_none)
    ] = Field(
        None, description="serve live counters to Prometheus on this port of 127.0.0.1 meanwhile"
    )

    simulator_options: str = Field(
        "", description="options of the embedded endpoint, in one string"
    )

    @field_validator("endpoint_url")
    @classmethod
    def _check_endpoint_url(cls, url: str | None) -> str | None:
        if url is None:
            return None
        legal = "must be http://HOST:PORT or https://HOST:PORT"
        try:
            parts = urlsplit(url)
            host, _ = parts.hostname, parts.port  # the port is parsed only when asked for
        except ValueError as error:
            raise ValueError(legal) from error
        if parts.username or parts.password:
            raise ValueError(f"{legal}, without a user name or password")
        if parts.scheme not in ("http", "https") or not host or re.search(r"[\s\x00-\x1f]", url):
            raise ValueError(legal)
        if parts.path.rstrip("/") not in ("", "/device-api") or parts.query or parts.fragment:
            raise ValueError(f"{legal}, with nothing after it")
        if any(host == domain or host.endswith("." + domain) for domain in _CLOUD_DOMAINS):
            raise ValueError("is the Groundlight cloud; must be an Edge Endpoint of your own")
        return url.rstrip("/").removesuffix("/device-api")

    @field_validator("groundlight_api_token")
    @classmethod
    def _check_token(cls, token: SecretStr | None) -> SecretStr | None:
        if token is None or not token.get_secret_value():
            return None
        if not re.fullmatch(r"[\x21-\x7e]+", token.get_secret_value()):
            raise ValueError("must be printable ASCII characters without a space")
        return token

    @field_validator("detector_id")
    @classmethod
    def _check_detector_id(cls, detector_id: str | None) -> str | None:
        if detector_id is not None and not is_detector_id(detector_id):
            raise ValueError(f"must be {DETECTOR_ID_FORM}")
        return detector_id

    @field_validator("simulator_options")
    @classmethod
    def _check_simulator_options(cls, options: str) -> str:
        try:
            shlex.split(options)
        except ValueError as error:
            raise ValueError(f"must be options as typed in a shell ({error})") from error
        return options

    @model_validator(mode="after")
    def _check_together(self) -> Settings:
        if self.endpoint_url and self.groundlight_api_token is None:
            raise ValueError(
                f"{TOKEN} is empty: set it in config.py or in the environment variable {TOKEN}"
            )
        if self.detector_id is None and self.detector_name is None:
            raise ValueError("DETECTOR_ID and DETECTOR_NAME are both empty: one must be given")
        if self.warmup is not None and self.warmup >= self.time_between_ramp:
            raise ValueError(
                f"WARMUP = {self.warmup:g}: must be shorter than TIME_BETWEEN_RAMP "
                f"({self.time_between_ramp:g} s)"
            )
        loads = {step.clients for step in self.plan().steps}
        for objective in map(parse_objective, self.slo):
            if objective.clients is not None and objective.clients not in loads:
                raise ValueError(
                    f"SLO = {objective.text!r}: no step of the ramp has {objective.clients} clients"
                )
        return self

    def abort_conditions(self) -> tuple[Objective, ...]:
        """The objectives whose breach ends the run early."""
        return tuple(map(parse_abort, self.abort_on))

    def token(self) -> str:
        """The API token in clear; a placeholder for the embedded endpoint, which takes any."""
        if self.groundlight_api_token is None:
            return "token_for_the_embedded_endpoint"
        return self.groundlight_api_token.get_secret_value()

    def plan(self) -> Plan:
        """When every request of the run is due."""
        ramp = self.custom_ramp or linear_ramp(self.max_clients, self.step_size)
        return Plan(
            steps=ramp_steps(ramp, self.time_between_ramp),
            requests_per_second=self.requests_per_second,
            arrivals=self.arrivals,
            late=self.late,
            seed=self.seed,
        )

    def command(self) -> str:
        """The command line that makes this run again, whatever config.py then says.

        Every setting that is not its own default; the token is never an option.
        """
        words = ["python", "load_test.py"]
        needless = {"simulator_options"} if self.endpoint_url else set()
        needless |= {"detector_name", "detector_query"} if self.detector_id else set()
        for name, value in self.public().items():
            field, option = type(self).model_fields[name], "--" + name.replace("_", "-")
            default = field.get_default()
            if name in needless or getattr(self, name) == default or value is None:
                continue
            if field.annotation is bool:
                words.append(option if value else option.replace("--", "--no-", 1))
            elif name in ("slo", "abort_on"):
                words += [word for text in value for word in (option, text)]
            else:
                text = ",".join(map(str, value)) if name == "custom_ramp" else str(value)
                words += [option, text]
        return shlex.join(words)

    def public(self) -> dict[str, Any]:
        """Settings as JSON values, for the log and the results; the token is left out."""
        return self.model_dump(mode="json", exclude={"groundlight_api_token"})


def resolve(
    config: Mapping[str, object], options: Mapping[str, object], environment: Mapping[str, str]
) -> Settings:
    """One Settings from config.py's constants, the given options, and the environment.

    The command line wins over config.py. The token in config.py wins over the environment
    variable of the same name. `config` holds the upper-case constants; anything that is no setting
    is refused, since a misspelt constant would silently do nothing. Raises SettingError.
    """
    names = {name.upper() for name in Settings.model_fields}
    for name in config:
        if name not in names:
            near = difflib.get_close_matches(name, names, n=1)
            hint = f"; did you mean {near[0]}?" if near else f"; legal: {', '.join(sorted(names))}"
            raise SettingError(f"{name}: is no setting of config.py{hint}")
    values: dict[str, object] = {name.lower(): value for name, value in config.items()}
    if "detector_name" in options and "detector_id" not in options:
        values.pop("detector_id", None)  # a name that was typed beats an id that stands in a file
    values.update(options)
    if not values.get(TOKEN.lower()):
        values[TOKEN.lower()] = environment.get(TOKEN) or None
    try:
        return Settings.model_validate(values)
    except ValidationError as problem:
        lines: dict[object, str] = {}
        for error in problem.errors(include_url=False):  # the first of each setting says it
            lines.setdefault(error["loc"][:1], _line(error))
        raise SettingError("\n".join(lines.values())) from None


def _line(error: Any) -> str:
    """One line of a pydantic error: setting, value, what is legal. Never the token's value."""
    legal = error["msg"].removeprefix("Value error, ")
    if not error["loc"]:
        return str(legal)
    name = str(error["loc"][0]).upper()
    if legal.startswith("Input should be "):
        legal = "must be " + legal.removeprefix("Input should be ")
    secret = name == TOKEN or (name == "ENDPOINT_URL" and "@" in str(error["input"]))
    value = "(hidden)" if secret else repr(error["input"])
    return f"{name} = {value}: {legal}"
