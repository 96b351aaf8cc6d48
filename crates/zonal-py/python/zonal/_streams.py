"""Streams of Arrow: anything with ``__arrow_c_stream__`` that is not a table in memory, such as a relation of DuckDB."""

from __future__ import annotations

import functools
import inspect
import os
import tempfile
from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

from .errors import MissingPackage, ZonalError

__all__ = ["is_stream", "read", "spilled"]

_P = ParamSpec("_P")
_T = TypeVar("_T")

# Tables of these libraries are read in place.
_IN_MEMORY = {("pandas", "DataFrame"), ("pandas", "Series"), ("polars", "DataFrame"), ("polars", "Series")}
_IN_MEMORY |= {("pyarrow", "Table"), ("pyarrow", "RecordBatch"), ("pyarrow", "ChunkedArray")}


def is_stream(data: Any) -> bool:
    """Return whether data are a stream, which can be read once."""
    kind = type(data)
    return hasattr(data, "__arrow_c_stream__") and (kind.__module__.partition(".")[0], kind.__name__) not in _IN_MEMORY


def read(data: Any) -> Any:
    """Return a stream as a table of pyarrow, whole."""
    return _reader(data).read_all()


def spilled(function: Callable[_P, _T]) -> Callable[_P, _T]:
    """Write streams, the arguments `data` and `validation`, batch by batch to files that are read in their place and then removed."""
    signature = inspect.signature(function)

    @functools.wraps(function)
    def call(*args: _P.args, **kwargs: _P.kwargs) -> _T:
        given = signature.bind_partial(*args, **kwargs)
        streams = {name: given.arguments.get(name) for name in ("data", "validation")}
        streams = {name: stream for name, stream in streams.items() if is_stream(stream)}
        if not streams:
            return function(*args, **kwargs)
        with tempfile.TemporaryDirectory(prefix="zonal-") as folder:
            for name, stream in streams.items():
                given.arguments[name] = os.path.join(folder, f"{name}.arrow")
                _write(stream, given.arguments[name])
            try:
                return function(*given.args, **given.kwargs)
            except ZonalError as error:
                message = str(error)
                if folder not in message:
                    raise
                for name in streams:
                    message = message.replace(os.path.join(folder, f"{name}.arrow"), name)
                raise type(error)(message) from None

    return call


def _reader(data: Any) -> Any:
    try:
        import pyarrow
    except ImportError as error:
        kind = type(data).__name__
        raise MissingPackage(f"a {kind} is a stream of Arrow, which needs pyarrow: pip install zonal[pyarrow]") from error
    return pyarrow.RecordBatchReader.from_stream(data)


def _write(data: Any, file: str) -> None:
    reader = _reader(data)
    import pyarrow

    def plain(kind: Any) -> Any:
        return kind.value_type if pyarrow.types.is_dictionary(kind) else kind

    # A file has one dictionary for each column, and a stream may have another one in each batch.
    schema = pyarrow.schema([field.with_type(plain(field.type)) for field in reader.schema])
    with pyarrow.OSFile(file, "wb") as sink, pyarrow.ipc.new_file(sink, schema) as out:
        for batch in reader:
            out.write_batch(batch.cast(schema))
