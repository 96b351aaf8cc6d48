"""Writes checksums-*.parquet: files of another program whose pages have checksums. Needs pyarrow 15 or later."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

rows = np.arange(400)
table = pa.table({"x": np.sin(rows), "k": rows % 5, "y": rows / 4})
for version in ("1.0", "2.0"):
    for compression in ("none", "zstd"):
        pq.write_table(
            table,
            Path(__file__).with_name(f"checksums-{version[0]}-{compression}.parquet"),
            compression=compression,
            data_page_version=version,
            data_page_size=1000,
            write_page_checksum=True,
            store_schema=False,
        )
