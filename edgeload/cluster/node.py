"""One node of a cluster: runs its share of the workers, and stops by itself when nobody asks.

The engine that carries the calls makes one of these in a process of its own on each machine. Calls
may come from several threads. The workers end when this process does, by the end of their pipes.
"""

from __future__ import annotations

import contextlib
import dataclasses
import platform
import resource
import shutil
import socket
import tempfile
import threading
import time
import zlib
from collections.abc import Sequence
from pathlib import Path

from edgeload.box_records import ModelRecord
from edgeload.cluster.node_words import NodeInfo, NodeQuestion, NodeReady, NodeState, NodeTask
from edgeload.core_plan import CorePlan, NotPinned
from edgeload.edge.location import Target, Unreachable
from edgeload.machine import open_as_many_files_as_allowed, usable_cores
from edgeload.nameless_file import nameless_file
from edgeload.private_files import private_folder
from edgeload.records import Anchor, WallClock
from edgeload.run.core_look import CoreLook, is_own_address, workers_of_auto
from edgeload.run.counters import added_blocks
from edgeload.run.environment import generator_machine, package_versions
from edgeload.run.picture_file import PictureFile
from edgeload.run.stolen_time import StolenTime
from edgeload.run.tasks import WorkerTask
from edgeload.run.worker_processes import EndedWorker, WorkerProcesses, WorkersFailed
from edgeload.runlog import LogRefused, LogWriter, create_log
from edgeload.untrusted_text import hide_in_errors, printable, remember_secret

_LOOK_EVERY_S = 0.1
_CONNECT_WITHIN_S = 3.0
_NO_TRIAL = -1


class Node:
    """The node's end of what `ClusterWorkers` does."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._closed = threading.Event()
        self._workers = WorkerProcesses()
        self._cores = CoreLook()
        self._stolen: StolenTime | None = None
        self._files = contextlib.ExitStack()
        self._folder: Path | None = None
        self._log: LogWriter | None = None
        self._task: NodeTask | None = None
        self._anchor: Anchor | None = None
        self._obeyed = 0
        self._step = _NO_TRIAL
        self._idle_since_step = _NO_TRIAL
        self._ended: list[EndedWorker] = []
        self._models: list[ModelRecord] = []
        self._asked_s = 0.0
        self._lease_over_s: float | None = None
        self._began_late_s: float | None = None

    def clock(self) -> tuple[int, int]:
        """This machine's monotonic clock in nanoseconds, when asked and when answering."""
        now_ns = time.monotonic_ns()
        return now_ns, time.monotonic_ns()

    def info(self) -> NodeInfo:
        """What this node is."""
        open_as_many_files_as_allowed()
        return NodeInfo(
            host=platform.node(),
            usable_cores=usable_cores(),
            own_cores=workers_of_auto(pin=True, endpoint_here=False),
            open_files=resource.getrlimit(resource.RLIMIT_NOFILE)[0],
            versions=package_versions(),
        )

    def connects(self, target: Target) -> float | str:
        """Seconds that a connection from here to the endpoint takes; or why there is none."""
        began_s = time.monotonic()
        try:
            place = (target.address, target.port)
            socket.create_connection(place, _CONNECT_WITHIN_S).close()
        except OSError as error:
            return error.strerror or str(error)
        return time.monotonic() - began_s

    def prepare(self, task: NodeTask, pictures: Sequence[bytes]) -> NodeReady:
        """Start the workers, and wait until they are ready. `pictures` are the files of pictures.

        Nothing is raised: an error of ours would come to the driver as one of the engine.
        """
        remember_secret(task.task.token)
        hide_in_errors()
        ready: list[NodeReady] = []
        done = threading.Event()

        def start_and_stay() -> None:
            ready.append(self._started(task, pictures))
            done.set()
            threading.Event().wait()

        # The process that forks workers dies with the thread that starts it, and not only with its
        # process (prctl(2), PR_SET_PDEATHSIG); the engine's threads come and go.
        threading.Thread(target=start_and_stay, name="starts workers", daemon=True).start()
        done.wait()
        return ready[0]

    def _started(self, task: NodeTask, pictures: Sequence[bytes]) -> NodeReady:
        with self._lock:
            try:
                self._start(task, pictures)
                self._workers.await_ready()
            except WorkersFailed as error:
                return NodeReady(problem=str(error))
            except OSError as error:
                why = f"the folder for temporary files cannot be written ({error})"
                return NodeReady(problem=why)
            except Unreachable as error:
                return NodeReady(problem=str(error), endpoint=True)
            except Exception as error:  # whatever it is, the driver has to say it
                return NodeReady(problem=printable(f"{type(error).__name__}: {error}"))
            machine = generator_machine(self._workers.pinning)
            return NodeReady(log=str(self._log_path), machine=machine)

    def _start(self, task: NodeTask, pictures: Sequence[bytes]) -> None:
        open_as_many_files_as_allowed()
        self._task = task
        folder = Path(tempfile.gettempdir()) / f"edgeload-{task.task.run_id}-{task.indices[0]}"
        self._folder = folder
        private_folder(folder)
        create_log(self._log_path)
        self._log = LogWriter(self._log_path, create=False)
        own_task = _on_this_node(task, pictures, self._log_path, self._files)
        self._workers = WorkerProcesses(cores=self._core_plan(task))
        self._workers.start(own_task, task.kind, task.indices)

    def _core_plan(self, task: NodeTask) -> CorePlan | NotPinned:
        if task.not_pinned:
            return NotPinned(task.not_pinned)
        here = is_own_address(task.task.target.address)
        return self._cores.plan(len(task.indices), pin=True, endpoint_here=here)

    def ask(self, question: NodeQuestion) -> NodeState:
        """Do what is new in the question, and say how things are. Asking renews the lease."""
        received_ns = time.monotonic_ns()
        with self._lock:
            self._asked_s = received_ns / 1e9
            for number, command in question.commands:
                if number == self._obeyed:
                    self._obey(command)
                    self._obeyed += 1
            self._see_ended()
            self._models += self._workers.models_told()
            self._see_idle()
            self._note_stolen()
            log_bytes = 0 if self._log is None else self._log.size
            return NodeState(
                received_ns=received_ns,
                counts=zlib.compress(added_blocks(self._workers.blocks()), 1),
                efforts=self._workers.efforts(),
                running=self._workers.running,
                obeyed=self._obeyed,
                ended=tuple(self._ended[question.ended_heard :]),
                models=tuple(self._models[question.models_heard :]),
                idle_since_step=self._idle_since_step,
                log_bytes=log_bytes,
                lease_over_s=self._lease_over_s,
                began_late_s=self._began_late_s,
                answered_ns=time.monotonic_ns(),
            )

    def fetch(self, start: int, most_bytes: int) -> bytes:
        """A stretch of this node's log from an offset on."""
        with self._log_path.open("rb") as file:
            file.seek(start)
            return file.read(most_bytes)

    def close(self, *, keep_log: bool) -> str | None:
        """End the workers; the path of the log on this node, if it is kept."""
        self._closed.set()
        with self._lock:
            self._workers.close()
            self._files.close()
            if self._log is not None:
                self._log.close()
                self._log = None
            if self._folder is None:
                return None
            if keep_log:
                return str(self._log_path)
            shutil.rmtree(self._folder, ignore_errors=True)
            return None

    @property
    def _log_path(self) -> Path:
        assert self._folder is not None
        return self._folder / "log"

    def _obey(self, command: tuple[object, ...]) -> None:
        word, *values = command
        if word == "begin":
            (anchor,) = values
            assert isinstance(anchor, Anchor)
            late_s = time.monotonic() - anchor.monotonic_s
            if late_s > 0.0:
                self._began_late_s = late_s
                self._workers.kill()
                return
            self._anchor = anchor
            clock, cpus = WallClock(anchor), self._workers.pinning.cpus
            self._stolen = StolenTime(clock, cpus, self._task.name if self._task else "")
            self._workers.begin(anchor)
            threading.Thread(target=self._watch_lease, name="lease", daemon=True).start()
        elif word == "kill":
            self._workers.kill()
        else:
            if word == "step":
                self._step = getattr(values[0], "index", _NO_TRIAL)
            self._workers.tell(*command)

    def _see_ended(self) -> None:
        while found := self._workers.wait_for(0.0):
            assert self._task is not None
            if self._log is not None and any(worker.exit_code for worker in found):
                with contextlib.suppress(LogRefused):
                    self._log.end_torn_line()
            self._ended += [dataclasses.replace(each, node=self._task.name) for each in found]

    def _note_stolen(self) -> None:
        """Write down what this machine lost to other virtual ones, once a second."""
        if self._stolen is None or self._log is None or self._anchor is None:
            return
        if not self._workers.running:  # what comes now is of no step
            return
        if samples := self._stolen.look(time.monotonic() - self._anchor.monotonic_s):
            with contextlib.suppress(LogRefused):  # the workers meet it, too
                self._log.append(samples)

    def _see_idle(self) -> None:
        if self._step > self._idle_since_step and self._workers.idle_since(self._step):
            self._idle_since_step = self._step

    def _watch_lease(self) -> None:
        """Nobody may know any more what is sent from here: then nothing is."""
        while not self._closed.wait(_LOOK_EVERY_S):
            with self._lock:
                assert self._task is not None and self._anchor is not None
                self._see_ended()
                if not self._workers.running:
                    return  # all is sent
                now_s = time.monotonic()
                if now_s - self._asked_s > self._task.lease_s:
                    self._lease_over_s = now_s - self._anchor.monotonic_s
                    trials = self._task.kind == "trials"
                    self._workers.tell(*(("abort",) if trials else ("stop", self._lease_over_s)))
                    return


def _on_this_node(
    task: NodeTask, pictures: Sequence[bytes], log: Path, files: contextlib.ExitStack
) -> WorkerTask:
    """The task with files of this node, which the system deletes when this process ends."""

    def stored(content: bytes) -> Path:
        file, path = files.enter_context(nameless_file())
        file.write(content)
        file.flush()
        return path

    paths = [stored(content) for content in pictures]
    groups = tuple(
        dataclasses.replace(
            group,
            pictures=PictureFile(paths[number], group.pictures.sizes, group.pictures.starts),
        )
        for group, number in zip(task.task.groups, task.picture_files, strict=True)
    )
    trust = task.task.trust
    if task.certificates is not None:
        trust = dataclasses.replace(trust, cacert=stored(task.certificates))
    return dataclasses.replace(task.task, groups=groups, trust=trust, log_file=log)
