"""DICOM: frames, colour, what is packed and what cannot be."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
from pydicom.dataset import FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, SecondaryCaptureImageStorage, generate_uid

from data.errors import InputError
from data.pictures import Measured, Pictures
from data.stack_views import Look
from tests.stacks import HEIGHT, WIDTH, brightest, shown, spot, view


def dicom(path: Path, values: np.ndarray, **more: Any) -> None:
    meta = FileMetaDataset()
    meta.TransferSyntaxUID, meta.MediaStorageSOPClassUID = ExplicitVRLittleEndian, SecondaryCaptureImageStorage
    meta.MediaStorageSOPInstanceUID = generate_uid()
    one = pydicom.Dataset()
    one.file_meta = meta
    one.SOPClassUID, one.SOPInstanceUID = meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID
    is_color = values.dtype == np.uint8 and values.shape[-1] == 3
    one.Rows, one.Columns = values.shape[-3:-1] if is_color else values.shape[-2:]
    one.SamplesPerPixel, one.BitsAllocated, one.BitsStored, one.HighBit, one.PixelRepresentation = 1, 16, 12, 11, 0
    one.PhotometricInterpretation = "MONOCHROME2"
    if is_color:
        one.SamplesPerPixel, one.BitsAllocated, one.BitsStored, one.HighBit, one.PlanarConfiguration = 3, 8, 8, 7, 0
        one.PhotometricInterpretation = "RGB"
    if values.ndim == 3 + is_color:
        one.NumberOfFrames = len(values)
    for name, value in more.items():
        setattr(one, name, value)
    one.PixelData = values.astype("u1" if one.BitsAllocated == 8 else "<u2").tobytes()
    one.save_as(path, enforce_file_format=True)


def test_dicom(reader: Pictures, tmp_path: Path) -> None:
    dicom(tmp_path / "a.dcm", np.stack([spot(10, 10), spot(20, 20)]))
    assert reader.measure(tmp_path / "a.dcm") == Measured(
        WIDTH, HEIGHT, '{"pages": 2, "channels": 1, "bits": 12, "names": []}'
    )
    assert brightest(shown(reader, tmp_path / "a.dcm", Look(page=2))) == (20, 20)
    dicom(
        tmp_path / "b.dcm", spot(10, 10), PhotometricInterpretation="MONOCHROME1", RescaleSlope=2, RescaleIntercept=-5
    )
    assert brightest(255 - shown(reader, tmp_path / "b.dcm")) == (10, 10)
    (tmp_path / "c.dcm").write_bytes((tmp_path / "a.dcm").read_bytes()[:500])
    with pytest.raises(InputError, match=r"c\.dcm: the DICOM file cannot be read"):
        reader.measure(tmp_path / "c.dcm")


def test_dicom_in_colour(reader: Pictures, tmp_path: Path) -> None:
    frames = np.zeros((2, HEIGHT, WIDTH, 3), np.uint8)
    frames[0, :, :] = 255, 0, 0
    frames[1, :, :] = 0, 0, 255
    dicom(tmp_path / "a.dcm", frames)
    assert view(reader, tmp_path / "a.dcm") == {"pages": 2, "channels": 1, "bits": 8, "names": []}
    assert list(shown(reader, tmp_path / "a.dcm", Look(page=2))[3, 3]) == [0, 0, 255]
    frames[0, :, :] = 76, 85, 255  # red, as luminance and two differences
    dicom(tmp_path / "b.dcm", frames[0], PhotometricInterpretation="YBR_FULL")
    assert np.abs(shown(reader, tmp_path / "b.dcm")[3, 3].astype(int) - [255, 0, 0]).max() < 3
    table = np.zeros(256, np.uint16)
    table[7] = 65535
    palette = {f"{name}PaletteColorLookupTableData": table.tobytes() for name in ("Red", "Green", "Blue")}
    heads = {f"{name}PaletteColorLookupTableDescriptor": [256, 0, 16] for name in ("Red", "Green", "Blue")}
    dicom(
        tmp_path / "c.dcm", np.full((HEIGHT, WIDTH), 7, np.uint16), PhotometricInterpretation="PALETTE COLOR",
        BitsAllocated=8, BitsStored=8, HighBit=7, **palette, **heads,
    )  # fmt: skip
    assert list(shown(reader, tmp_path / "c.dcm")[3, 3]) == [255, 255, 255]


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({"NumberOfFrames": -1}, "NumberOfFrames is -1, expected a number from 1 to 100,000"),
        ({"NumberOfFrames": 10_000_000}, "NumberOfFrames is 10,000,000, expected a number from 1"),
        ({"NumberOfFrames": 3}, "it says that 14,400 bytes of pixels follow, and ends before"),
        ({"Rows": None}, "it has no Rows and Columns, so there is no picture in it"),
    ],
)
def test_dicom_that_says_what_cannot_be(reader: Pictures, tmp_path: Path, more: dict[str, Any], says: str) -> None:
    dicom(tmp_path / "a.dcm", spot(10, 10), **more)
    content = (tmp_path / "a.dcm").read_bytes()
    with pytest.raises(InputError, match=rf"a\.dcm: the DICOM file cannot be read \({says}"):
        reader.measure(tmp_path / "a.dcm")
    (tmp_path / "b.dcm").write_bytes(content[:300])
    with pytest.raises(InputError, match=r"b\.dcm: the DICOM file cannot be read"):
        reader.measure(tmp_path / "b.dcm")


def test_a_packed_dicom_is_not_unpacked_beyond_bounds(
    reader: Pictures, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A few kilobytes may unpack to gigabytes, of which nothing is a pixel."""
    dicom(tmp_path / "plain.dcm", spot(10, 10))
    one = pydicom.dcmread(tmp_path / "plain.dcm")
    one.file_meta.TransferSyntaxUID = pydicom.uid.DeflatedExplicitVRLittleEndian
    one.save_as(tmp_path / "a.dcm", enforce_file_format=True)
    assert brightest(shown(reader, tmp_path / "a.dcm")) == (10, 10)
    one.add_new(0x7FE11010, "OB", bytes(20_000_000))
    one.save_as(tmp_path / "b.dcm", enforce_file_format=True)
    assert (tmp_path / "b.dcm").stat().st_size < 100_000
    monkeypatch.setattr("data.stacks.dicom.LARGEST_DEFLATED_BYTES", 10_000_000)
    with pytest.raises(InputError, match=r"b\.dcm: .*more than 10,000,000 bytes when unpacked"):
        reader.measure(tmp_path / "b.dcm")


def test_dicom_names_the_package_it_needs(reader: Pictures, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    dicom(tmp_path / "a.dcm", spot(10, 10))
    monkeypatch.setitem(__import__("sys").modules, "pydicom", None)
    with pytest.raises(InputError, match=r"a\.dcm: DICOM needs another package: pip install pydicom"):
        reader.measure(tmp_path / "a.dcm")
