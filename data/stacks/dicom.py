"""DICOM: gray of any depth, and colour in eight bits. Needs the package pydicom.

See https://dicom.nema.org/medical/dicom/current/output/html/part05.html
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from data.errors import InputError
from data.stacks.model import MOST_PAGES, Stack, Values, WholeStack, reason

DICOM_MARK = b"DICM"
LARGEST_DEFLATED_BYTES = 500_000_000  # of a file that is packed as a whole, when it is unpacked
LARGEST_KEPT_BYTES = 1 << 20  # of one element that is read into memory beside the pixels
PIECE_BYTES = 1 << 20
META_START = 144  # behind the element that says how long the head of the file is


def open_dicom(path: Path) -> Stack:
    """The frames of a file. Raises InputError for one that has none, or that is not as long as it says."""
    try:
        import pydicom
        import pydicom.pixels.processing as processing
        import pydicom.pixels.utils as pixels
    except ImportError:
        raise InputError(f"{path.name}: DICOM needs another package: pip install pydicom 'pylibjpeg[all]'") from None

    dataset, pixel_bytes = _reading(path, lambda: _head(path))
    said = _reading(path, lambda: _Said.of(dataset))
    said.check(path, pixel_bytes)

    def decode(page: int) -> Values:
        # Three samples come as red, green and blue, whatever they are in the file; what is deflated is read whole.
        source = _reading(path, lambda: pydicom.dcmread(path)) if said.is_deflated else path
        values: Values = _reading(path, lambda: pixels.pixel_array(source, index=page))
        if said.kind == "PALETTE COLOR":
            values = _reading(path, lambda: processing.apply_color_lut(values, dataset))
        if said.is_color:
            return values if values.dtype == np.uint8 else (values >> 8).astype(np.uint8)
        values = _reading(path, lambda: processing.apply_modality_lut(values, dataset))
        if said.kind == "MONOCHROME1":  # there the lowest value is white
            values = values.max() + values.min() - values
        return values

    return WholeStack((said.width, said.height), said.pages, said.bits, decode, is_color=said.is_color)


@dataclass(frozen=True, slots=True)
class _Said:
    """What the head of a file says of its pixels."""

    width: int
    height: int
    pages: int
    samples: int
    bits: int
    allocated: int  # bits for each value
    kind: str
    is_compressed: bool
    is_deflated: bool

    @staticmethod
    def of(dataset: Any) -> _Said:
        syntax = dataset.file_meta.TransferSyntaxUID
        return _Said(
            width=int(dataset.get("Columns") or 0),
            height=int(dataset.get("Rows") or 0),
            pages=int(dataset.get("NumberOfFrames") or 1),
            samples=int(dataset.get("SamplesPerPixel") or 1),
            bits=int(dataset.get("BitsStored") or 16),
            allocated=int(dataset.get("BitsAllocated") or 16),
            kind=str(dataset.get("PhotometricInterpretation") or ""),
            is_compressed=bool(syntax.is_compressed),
            is_deflated=bool(syntax.is_deflated),
        )

    @property
    def is_color(self) -> bool:
        return self.kind == "PALETTE COLOR" or self.samples == 3

    def check(self, path: Path, pixel_bytes: int) -> None:
        """Raises InputError for what cannot be, given how many bytes follow the head."""
        if self.width < 1 or self.height < 1:
            raise _refusal(path, "it has no Rows and Columns, so there is no picture in it")
        if not 1 <= self.pages <= MOST_PAGES:
            raise _refusal(path, f"NumberOfFrames is {self.pages:,}, expected a number from 1 to {MOST_PAGES:,}")
        samples = 2 if self.kind.endswith("422") else self.samples
        expected = math.ceil(self.pages * self.width * self.height * samples * self.allocated / 8)
        if not (self.is_compressed or self.is_deflated) and pixel_bytes < expected:
            raise _refusal(path, f"it says that {expected:,} bytes of pixels follow, and ends before; copy it again")


def _head(path: Path) -> tuple[Any, int]:
    """Everything before the pixels, and how many bytes follow."""
    from pydicom import dcmread
    from pydicom.filereader import read_file_meta_info

    meta = read_file_meta_info(path)
    if "TransferSyntaxUID" not in meta:
        raise _refusal(path, "it does not say how it is encoded, by a TransferSyntaxUID")
    if meta.TransferSyntaxUID.is_deflated:
        if "FileMetaInformationGroupLength" not in meta:
            raise _refusal(path, "it does not say where its head ends, by a FileMetaInformationGroupLength")
        if _is_too_long(path, META_START + meta.FileMetaInformationGroupLength):
            raise _refusal(path, f"more than {LARGEST_DEFLATED_BYTES:,} bytes when unpacked")
    with path.open("rb") as file:
        dataset = dcmread(file, stop_before_pixels=True, defer_size=LARGEST_KEPT_BYTES)
        return dataset, path.stat().st_size - file.tell()


def _reading(path: Path, work: Callable[[], Any]) -> Any:
    try:
        return work()
    except InputError:
        raise
    except Exception as error:  # what a reader of any file at all may raise
        raise _refusal(path, reason(error)) from error


def _refusal(path: Path, why: str) -> InputError:
    return InputError(f"{path.name}: the DICOM file cannot be read ({why})")


def _is_too_long(path: Path, start: int) -> bool:
    """Whether the packed part of a file is longer than is allowed when it is unpacked."""
    unpacker = zlib.decompressobj(-zlib.MAX_WBITS)
    count = 0
    with path.open("rb") as file:
        file.seek(start)
        while count <= LARGEST_DEFLATED_BYTES:
            packed = unpacker.unconsumed_tail or file.read(PIECE_BYTES)
            if not packed or unpacker.eof:
                return False
            count += len(unpacker.decompress(packed, PIECE_BYTES))
    return True
