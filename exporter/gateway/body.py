"""Reading of an answer's body from the wire, unpacked and within a limit."""

import zlib
from collections.abc import AsyncIterator

from exporter.gateway.errors import UnreadableAnswer


BODY_LIMIT = 32 * 1024 * 1024
"""Most bytes of an unpacked body."""

_GZIP = 31


async def read_body(
    chunks: AsyncIterator[bytes], *, packed: bool, limit: int = BODY_LIMIT
) -> bytes:
    """Join the chunks of a body, unpacking gzip; stops as soon as ``limit`` bytes are passed.

    Raises `UnreadableAnswer` of kind too_large, cut (gzip that has no end) or unreadable (no gzip).
    """
    unpack = zlib.decompressobj(_GZIP) if packed else None
    parts: list[bytes] = []
    size = 0
    async for chunk in chunks:
        part = chunk if unpack is None else _unpacked(unpack, chunk, limit + 1 - size)
        size += len(part)
        if size > limit:
            raise UnreadableAnswer(f"the answer is larger than {limit} bytes", kind="too_large")
        parts.append(part)
    if unpack is not None and not unpack.eof and size:
        raise UnreadableAnswer(f"the answer is cut off after {size} bytes", kind="cut")
    return b"".join(parts)


def _unpacked(unpack: "zlib._Decompress", chunk: bytes, limit: int) -> bytes:
    failure: UnreadableAnswer
    try:
        part = unpack.decompress(chunk, limit)
    except zlib.error:
        failure = UnreadableAnswer("the answer is said to be gzip and is not")
    else:
        if not unpack.unused_data:
            return part
        failure = UnreadableAnswer("something follows the end of the packed answer")
    raise failure
