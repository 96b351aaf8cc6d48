"""Exceptions of the package.

All derive from `ZonalError`, and each also from the built-in exception that fits, so that code which catches
``ValueError`` catches them too. Messages say what was found, where, and what was needed; an option is named by its
keyword. Exceptions raised by a callable that you pass come back as they are.
"""

from __future__ import annotations

__all__ = [
    "DataError",
    "FileError",
    "InternalError",
    "Interrupted",
    "MissingPackage",
    "NumericalError",
    "OutOfMemory",
    "ParameterError",
    "ResourceError",
    "ZonalError",
]


class ZonalError(Exception):
    """Anything that zonal refuses or fails to do."""


class ParameterError(ZonalError, ValueError):
    """A parameter outside its domain, or parameters that do not fit together."""


class DataError(ZonalError, ValueError):
    """Data that cannot be used: wrong shapes or types, missing values, nothing that varies."""


class NumericalError(ZonalError, RuntimeError):
    """A computation that found no result."""


class FileError(ZonalError, OSError):
    """A file or folder that cannot be read or written."""


class OutOfMemory(ZonalError, MemoryError):
    """More memory than is free; nothing was taken."""


class ResourceError(ZonalError, RuntimeError):
    """Something that the process lacks: a thread, an optional package, threads that survived a fork."""


class MissingPackage(ResourceError, ImportError):
    """A package that something needs is not installed."""


class Interrupted(ZonalError, RuntimeError):
    """Stopped from outside before there was a result."""


class InternalError(ZonalError, RuntimeError):
    """A fault of zonal's own; please report it."""
