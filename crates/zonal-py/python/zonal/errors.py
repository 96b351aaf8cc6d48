"""Exceptions of the package.

All derive from `ZonalError`, and each also from a suitable built-in exception, so that code which catches
``ValueError`` catches them too. Messages state what was found, where, and what is needed; options are named by their
keywords. Exceptions raised by a callable that you pass are re-raised unchanged.
"""

from __future__ import annotations

__all__ = [
    "DataError",
    "FileError",
    "InternalError",
    "Interrupted",
    "MissingAttribute",
    "MissingPackage",
    "NumericalError",
    "OutOfMemory",
    "ParameterError",
    "ResourceError",
    "ZonalError",
]


class ZonalError(Exception):
    """The base class of all exceptions of zonal."""


class ParameterError(ZonalError, ValueError):
    """A parameter outside its domain, or conflicting parameters."""


class DataError(ZonalError, ValueError):
    """Unusable data: wrong shapes or types, missing values, constant columns only."""


class NumericalError(ZonalError, RuntimeError):
    """A computation that did not converge."""


class FileError(ZonalError, OSError):
    """A file or folder that cannot be read or written."""


class OutOfMemory(ZonalError, MemoryError):
    """More memory is needed than available; nothing was allocated."""


class ResourceError(ZonalError, RuntimeError):
    """A resource that the process lacks: a thread, an optional package, threads after a fork."""


class MissingPackage(ResourceError, ImportError):
    """An optional package that is not installed."""


class MissingAttribute(ResourceError, AttributeError):
    """An attribute of the module ``zonal`` whose package is not installed, or too old."""


class Interrupted(ZonalError, RuntimeError):
    """The job was interrupted before it had a result."""


class InternalError(ZonalError, RuntimeError):
    """A bug in zonal; please report it."""
