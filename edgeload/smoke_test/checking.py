"""Carries out the checks one after the other, in bounded time, and yields each as it is known.

What depends on a check that has failed is skipped, and says so. Whatever hangs, all of it ends
within `WHOLE_S`: each question has a thread of its own, which is left behind when time is up.
"""

from __future__ import annotations

import dataclasses
import secrets
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from http import HTTPStatus
from pathlib import Path
from typing import Any

from edgeload.edge.asking import ask, speaks_plain_http, tls_advice
from edgeload.edge.box_resources import NoResources, ask_resources
from edgeload.edge.detectors import (
    AskedDetector,
    NoSuchDetector,
    ask_detector,
    detector_named,
    find_by_name,
)
from edgeload.edge.edge_config import read_edge_config
from edgeload.edge.location import (
    Forbidden,
    Target,
    Unreachable,
    first_that_connects,
    permitted_addresses,
)
from edgeload.edge.looking_up import FoundAddress
from edgeload.edge.readiness import ask_detectors_ready, ask_ready
from edgeload.edge.round_trip import shake_hands
from edgeload.edge.trust import TlsTrust
from edgeload.exit_codes import BAD_SETTING
from edgeload.run.pictures import PictureSets
from edgeload.run.preflight_queries import HttpSender
from edgeload.run.preflight_rules import Subject
from edgeload.run.reaching import choices
from edgeload.run.tasks import DetectorTask, GroupTask, WorkerTask
from edgeload.settings import Settings
from edgeload.settings.groups import DetectorChoice, GroupSettings
from edgeload.smoke_test.bounded_call import BoundedCall, OutOfTime, all_within
from edgeload.smoke_test.box_checks import (
    addresses_line,
    box_figures_line,
    protocol_line,
    tls_line,
)
from edgeload.smoke_test.check_line import ANSWER, CheckLine, failed_line
from edgeload.smoke_test.detector_checks import (
    answer_line,
    called,
    configuration_line,
    is_unlisted,
    look_up_line,
    readiness_line,
    token_line,
    unlisted_line,
)

WHOLE_S = 9.0
"""From the start of the program to the last check; to end takes a little, too."""
_STEP_S = 3.0
"""One question, unless less time is left."""
_LEAST_S = 0.2
LOOK_UP, CONFIGURATION, LOADED = "detector", "configuration", "model"
_OF_A_DETECTOR = (LOOK_UP, CONFIGURATION, LOADED, ANSWER)


@dataclasses.dataclass(frozen=True)
class SmokeTest:
    """What is checked: the endpoint at `url`, which is the embedded one if the settings name none.

    `token_source` says where the API token is set, `set in config.py`; None: nowhere. `pictures`
    has one for each camera group.
    """

    settings: Settings
    url: str
    token_source: str | None
    groups: tuple[GroupSettings, ...]
    pictures: PictureSets


def check_box(
    test: SmokeTest, until_s: float, clock: Callable[[], float] = time.monotonic
) -> Iterator[CheckLine]:
    """All checks, each as soon as it is known; they end at an instant of the monotonic clock."""
    return _Checks(test, until_s, clock).lines()


class _Checks:
    def __init__(self, test: SmokeTest, until_s: float, clock: Callable[[], float]) -> None:
        self._test = test
        self._url = test.url
        self._until_s = until_s
        self._clock = clock
        self._addresses: list[FoundAddress] = []
        self._target: Target | None = None
        self._trust = TlsTrust(test.settings.insecure, test.settings.cacert)
        asked = {choice: group for group, _, choice in reversed(choices(test.groups))}
        self._choices = dict(reversed(asked.items()))

    def lines(self) -> Iterator[CheckLine]:
        steps: list[tuple[str, Callable[[], CheckLine]]] = [
            ("DNS", self._look_up),
            ("connection", self._connect),
            ("TLS", self._shake_hands),
            ("protocol", self._protocol),
            ("readiness", self._ready),
        ]
        names = [name for name, _ in steps]
        for place, (name, step) in enumerate(steps):
            line = self._bounded(step)
            yield dataclasses.replace(line, name=name)
            if line.verdict == "failed":
                why = f"the {name} failed" if name != "TLS" else "TLS failed"
                for later in names[place + 1 :]:
                    yield CheckLine(later, "skipped", why)
                yield from self._nothing_further(why)
                return
        yield from self._beside()

    def _bounded(self, step: Callable[[], CheckLine]) -> CheckLine:
        began_s = self._clock()
        until_s = min(self._until_s, began_s + _STEP_S)
        try:
            line = BoundedCall(step).result(until_s)
        except OutOfTime as problem:
            line = failed_line(f"{problem}; check host and port, and that the endpoint is running")
        except Forbidden as problem:
            line = failed_line(_plain(str(problem), self._url), BAD_SETTING)
        except Unreachable as problem:
            line = failed_line(_plain(str(problem), self._url))
        return dataclasses.replace(line, took_s=self._clock() - began_s)

    def _look_up(self) -> CheckLine:
        found = permitted_addresses(
            self._url, self._test.settings.allow_public_target, within_s=_STEP_S
        )
        self._addresses = list(found)
        return addresses_line(self._url, found)

    def _connect(self) -> CheckLine:
        self._target = target = first_that_connects(self._url, self._addresses)
        self._trust = self._trust.for_endpoint(target)
        tcp_s = shake_hands(target, None, _STEP_S).tcp_s
        seen = f"{target.address} port {target.port}, in {1000 * tcp_s:.2g} ms"
        return CheckLine("", "ok", seen)

    def _shake_hands(self) -> CheckLine:
        assert self._target is not None
        if self._target.scheme != "https":
            return CheckLine("", "skipped", "the address says http, so nothing is encrypted")
        try:
            hand = shake_hands(self._target, self._trust.ssl_context(), _STEP_S)
        except OSError as error:  # ssl.SSLError is one of them
            plain = speaks_plain_http(self._url)
            said = str(error) or type(error).__name__
            return failed_line(plain or tls_advice(said, self._trust))
        return tls_line(hand, self._trust)

    def _protocol(self) -> CheckLine:
        return protocol_line(ask(f"{self._url}/ping", self._trust))

    def _ready(self) -> CheckLine:
        said = ask_ready(self._url, self._trust)
        if said.problem is not None:
            return failed_line(f"{said.problem}; wait until it has started")
        if not said.known:
            return CheckLine("", "unknown", "this older Edge Endpoint does not say it")
        return CheckLine("", "ok", "it says that it is ready")

    def _beside(self) -> Iterator[CheckLine]:
        """What can be asked at the same time, and then each detector."""
        source, wanted = self._test.token_source, list(self._choices)
        calls: list[Callable[[], Any]] = [lambda: ask_resources(self._url, self._trust)]
        if source is not None:
            calls += [partial(self._find, choice) for choice in wanted]
        figures, *found = self._at_once(calls)
        told = dict(zip(wanted, found, strict=True)) if found else {}
        config, loaded = self._at_once(  # later, because a look-up may have added a detector
            [
                partial(read_edge_config, self._url, self._trust),
                partial(ask_detectors_ready, self._url, self._trust),
            ]
        )
        yield dataclasses.replace(token_line(source, found), name="token")
        if isinstance(figures, Exception):
            figures = NoResources(str(figures))
        yield dataclasses.replace(box_figures_line(figures), name="box figures")
        for place, choice in enumerate(wanted):
            left = len(wanted) - place
            for line in self._detector(choice, told.get(choice), config, loaded, left):
                yield dataclasses.replace(line, detector=called(choice))

    def _at_once(self, calls: Sequence[Callable[[], Any]]) -> list[Any]:
        """What the calls return, or the exceptions that they raise."""
        return all_within(calls, min(self._until_s, self._clock() + _STEP_S))

    def _detector(
        self,
        choice: DetectorChoice,
        told: AskedDetector | Exception | None,
        config: Any,
        loaded: Mapping[str, bool] | Exception | None,
        left: int,
    ) -> Iterator[CheckLine]:
        """The checks of one detector; `left` are the detectors that have still to be asked."""
        if told is None:
            look_up = CheckLine(LOOK_UP, "skipped", "there is no token")
        else:
            look_up = dataclasses.replace(look_up_line(choice, told), name=LOOK_UP)
        yield look_up
        known = told.detector.id if isinstance(told, AskedDetector) else choice.id
        if known is None:
            for name in _OF_A_DETECTOR[1:]:
                yield CheckLine(name, "skipped", "its id is not known")
            return
        yield dataclasses.replace(configuration_line(known, config), name=CONFIGURATION)
        ready = dataclasses.replace(readiness_line(known, loaded), name=LOADED)
        yield ready
        failed = next((it for it in (look_up, ready) if it.verdict == "failed"), None)
        if failed is not None:
            yield CheckLine(ANSWER, "skipped", f"the {failed.name} failed")
        elif look_up.verdict == "skipped":
            yield CheckLine(ANSWER, "skipped", look_up.seen)
        elif not self._is_ours and is_unlisted(known, config, loaded):
            yield dataclasses.replace(unlisted_line(), name=ANSWER)
        else:
            assert isinstance(told, AskedDetector | Exception)
            status = told.status if isinstance(told, AskedDetector) else None
            yield dataclasses.replace(self._ask(choice, known, status, left), name=ANSWER)

    @property
    def _is_ours(self) -> bool:
        """Whether it is the embedded endpoint, where a detector costs nothing."""
        return self._test.settings.endpoint_url is None

    def _find(self, choice: DetectorChoice) -> AskedDetector:
        """What the cloud knows about a detector. Raises Unreachable."""
        token = self._test.settings.token()
        if choice.id is not None:
            return ask_detector(self._url, choice.id, self._trust, token)
        assert choice.name is not None  # the settings ensure that
        if self._is_ours:
            made, _ = find_by_name(self._url, choice.name, choice.query, self._trust, token)
            return AskedDetector(HTTPStatus.OK, made)
        named = detector_named(self._url, choice.name, self._trust, token)
        if named is None:
            raise NoSuchDetector(
                "the cloud knows no detector of this name; check the name: a load test would "
                "create such a detector, but without a model"
            )
        return AskedDetector(HTTPStatus.OK, named)

    def _ask(
        self, choice: DetectorChoice, detector_id: str, status: int | None, left: int
    ) -> CheckLine:
        """Send one picture to a detector: it has its share of the time that is left."""
        group = self._choices[choice]
        within_s = min(group.timeout_s, (self._until_s - self._clock()) / left)
        if within_s < _LEAST_S:
            return CheckLine("", "unknown", "not asked: there was no time left")
        assert self._target is not None
        settings = self._test.settings
        pictures = self._test.pictures[group.pictures].file
        task = WorkerTask(
            index=0,
            workers=1,
            plan=settings.plan(),
            run_id=secrets.token_hex(8),
            target=self._target,
            token=settings.token(),
            trust=self._trust,
            groups=(GroupTask(group.load.name, DetectorTask(detector_id), pictures, within_s),),
            log_file=Path(),
        )
        sender = HttpSender(task, task.groups[0], detector_id)
        sent_s = self._clock()
        reply = sender.send(1)
        return answer_line(reply, sent_s, self._clock(), Subject(self._url, detector_id, status))

    def _nothing_further(self, why: str) -> Iterator[CheckLine]:
        """The checks that need an endpoint which answers."""
        for name in ("token", "box figures"):
            yield CheckLine(name, "skipped", why)
        for choice in self._choices:
            for name in _OF_A_DETECTOR:
                yield CheckLine(name, "skipped", why, detector=called(choice))


def _plain(text: str, url: str) -> str:
    """A message without the address at its beginning: every reader knows it."""
    for beginning in (f"ENDPOINT_URL = {url}: ", f"ENDPOINT_URL = {url!r}: "):
        text = text.removeprefix(beginning)
    for path in ("/health/ready", "/ping", ""):
        text = text.removeprefix(f"{url}{path}: ")
    return text
