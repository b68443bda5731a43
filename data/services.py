"""The parts of a running application, as the callbacks are given them."""

from __future__ import annotations

from dataclasses import dataclass

from data.annotations import Annotations
from data.batch import Batch
from data.cache import Cache
from data.crops import Crops
from data.database import Database
from data.exports import Exports
from data.gallery import Gallery
from data.imports import Imports
from data.indexing import Indexer
from data.label_book import LabelBook
from data.labels import read_labels
from data.memory import share_freed_memory
from data.pictures import Pictures
from data.settings import Settings
from data.sources import Source, open_source
from data.tiles import Tiles


@dataclass(frozen=True)
class Services:
    """Everything that answers a callback or a command. No part keeps an annotator's state in memory."""

    database: Database
    source: Source
    pictures: Pictures
    tiles: Tiles
    batch: Batch
    labels: LabelBook
    annotations: Annotations
    gallery: Gallery
    crops: Crops
    exports: Exports
    imports: Imports
    indexer: Indexer
    presign: int  # seconds; see `data.settings`


def make_services(settings: Settings, database: Database, *, keep_labels: bool = False) -> Services:
    """Put the parts together over an open database. Raises InputError in one line for a setting of no use.

    With ``keep_labels`` a database that has labels keeps them: a command that was given no labels file must not
    bring those of the default one in.
    """
    share_freed_memory()
    cache = Cache(settings.cache, settings.cache_mb * 1_000_000)
    source = open_source(settings.images, cache)
    labels = LabelBook(database)
    if not (keep_labels and labels.all()):
        labels.adopt(read_labels(settings.labels))
    pictures = Pictures(cache, settings.max_pixels)
    batch = Batch(database, source, pictures)
    annotations = Annotations(database, batch)
    return Services(
        database=database,
        source=source,
        pictures=pictures,
        tiles=Tiles(cache, pictures),
        batch=batch,
        labels=labels,
        annotations=annotations,
        gallery=Gallery(database),
        crops=Crops(cache, pictures),
        exports=Exports(batch, annotations, labels, pictures),
        imports=Imports(database, batch, annotations, labels),
        indexer=Indexer(database, source),
        presign=settings.presign,
    )
