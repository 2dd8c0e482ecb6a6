"""A way to a server that can be cut."""

import contextlib
import socket
import threading
from typing import Self


class Way:
    """Passes on what comes in at a port of its own, until it is cut or held up."""

    def __init__(self, port: int) -> None:
        self._to = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._open = threading.Event()
        self._open.set()
        self._cut = False
        self._lock = threading.Lock()
        self._ends: set[socket.socket] = set()

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.close()
        self.cut()
        self._open.set()

    def cut(self) -> None:
        """Break every connection and let none come about."""
        with self._lock:
            self._cut = True
            for end in self._ends:
                with contextlib.suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)

    def hold_up(self) -> None:
        """Let nothing through, and let nobody know."""
        self._open.clear()

    def mend(self) -> None:
        """Be a way again."""
        self._cut = False
        self._open.set()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._join, args=(near,), daemon=True).start()

    def _join(self, near: socket.socket) -> None:
        self._open.wait()
        far_end = ("127.0.0.1", self._to)
        with contextlib.suppress(OSError), near, socket.create_connection(far_end, 5) as far:
            if not self._keep(near, far):
                return
            back = threading.Thread(target=self._pass_on, args=(far, near), daemon=True)
            back.start()
            self._pass_on(near, far)
            back.join()
            with self._lock:
                self._ends -= {near, far}

    def _keep(self, *ends: socket.socket) -> bool:
        with self._lock:
            if not self._cut:
                self._ends.update(ends)
            return not self._cut

    def _pass_on(self, source: socket.socket, sink: socket.socket) -> None:
        with contextlib.suppress(OSError):
            source.settimeout(None)
            while data := source.recv(65536):
                self._open.wait()
                sink.sendall(data)
        for end in (source, sink):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
