//! Validates the sizes in the headers of an Arrow file before a library allocates memory for them.
//! <https://arrow.apache.org/docs/format/Columnar.html>

use arrow_ipc::{Block, Message, RecordBatch, root_as_footer, root_as_message};
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};

/// The largest decompressed size of one batch, or of one page of each column, in bytes; or [`MAX_RATIO`] times the compressed
/// size if that is larger.
pub(super) const MAX_BYTES: u64 = 512 << 20;
/// The largest ratio of decompressed to compressed size (for pages, to the size of the file) above [`MAX_BYTES`].
pub(super) const MAX_RATIO: u64 = 1_000;
/// The first and last bytes of an Arrow file.
const MAGIC: &[u8; 6] = b"ARROW1";
/// The marker before the length of a message.
const CONTINUATION: [u8; 4] = [0xff; 4];

/// Checks that every block lies within the file and decompresses to a plausible size. Returns whether the file is a stream.
///
/// # Errors
/// A message that completes a sentence about the file.
pub(super) fn check(file: &mut File) -> Result<bool, String> {
    let is_stream = bytes(file, 0, 4)? == CONTINUATION;
    if is_stream {
        check_stream(file, MAX_BYTES, MAX_RATIO)?;
    } else {
        check_within(file, MAX_BYTES, MAX_RATIO)?;
    }
    Ok(is_stream)
}

/// Checks the messages of a stream, each of which follows the one before it.
fn check_stream(file: &mut File, max_bytes: u64, max_ratio: u64) -> Result<(), String> {
    let length = file.metadata().map_err(|e| e.to_string())?.len();
    let limit = max_bytes.max(length.saturating_mul(max_ratio));
    let (mut start, mut dictionaries) = (0u64, 0u64);
    while start < length {
        let marks = bytes(file, start, 8)?;
        let head = u64::from(u32::from_le_bytes([marks[4], marks[5], marks[6], marks[7]]));
        if marks[..4] != CONTINUATION {
            return Err("one of its messages does not begin where the one before it ends".into());
        }
        if head == 0 {
            return Ok(());
        }
        let body_start = start + 8 + head;
        if body_start > length {
            return Err("it is truncated".into());
        }
        let header = bytes(file, start + 8, head)?;
        let message =
            root_as_message(&header).map_err(|e| format!("one of its messages is damaged ({e})"))?;
        let body = u64::try_from(message.bodyLength()).unwrap_or(u64::MAX);
        let end = body_start.checked_add(body).filter(|end| *end <= length).ok_or("it is truncated")?;
        let claimed = check_message(file, &message, body_start, body)?;
        if message.header_as_dictionary_batch().is_some() {
            dictionaries = dictionaries.saturating_add(claimed);
            check_dictionaries(dictionaries, limit)?;
        }
        start = end;
    }
    // Without a mark of its end a stream may have been cut between two messages.
    Err("it is truncated".into())
}

fn check_dictionaries(claimed: u64, limit: u64) -> Result<(), String> {
    if claimed <= limit {
        return Ok(());
    }
    Err(format!(
        "its dictionaries claim more than {limit} decompressed bytes; save its columns as plain numbers"
    ))
}

fn check_within(file: &mut File, max_bytes: u64, max_ratio: u64) -> Result<(), String> {
    let length = file.metadata().map_err(|e| e.to_string())?.len();
    let end = 4 + MAGIC.len() as u64;
    let truncated = || "it is truncated".to_owned();
    let tail = bytes(file, length.checked_sub(end).ok_or_else(truncated)?, end)?;
    let footer_length = u64::from(u32::from_le_bytes([tail[0], tail[1], tail[2], tail[3]]));
    if tail[4..] != *MAGIC {
        return Err(truncated());
    }
    let start = length.checked_sub(end + footer_length).ok_or("its footer is longer than the file")?;
    let footer = bytes(file, start, footer_length)?;
    let footer = root_as_footer(&footer).map_err(|e| format!("its footer is damaged ({e})"))?;
    for block in footer.recordBatches().into_iter().flatten() {
        check_block(file, block, length)?;
    }
    // The library holds all dictionaries at once, and concatenates those that come in parts.
    let mut dictionaries = 0u64;
    let limit = max_bytes.max(length.saturating_mul(max_ratio));
    for block in footer.dictionaries().into_iter().flatten() {
        dictionaries = dictionaries.saturating_add(check_block(file, block, length)?);
        check_dictionaries(dictionaries, limit)?;
    }
    Ok(())
}

/// Checks one block and returns its decompressed size in bytes.
fn check_block(file: &mut File, block: &Block, length: u64) -> Result<u64, String> {
    let beyond = || "one of its blocks lies beyond its end".to_owned();
    let size = |n: i64| u64::try_from(n).map_err(|_| beyond());
    let (offset, head, body) =
        (size(block.offset())?, size(i64::from(block.metaDataLength()))?, size(block.bodyLength())?);
    let body_start = offset.checked_add(head).ok_or_else(beyond)?;
    if body_start.checked_add(body).is_none_or(|end| end > length) {
        return Err(beyond());
    }
    let header = bytes(file, offset, head)?;
    let skipped = if header.starts_with(&CONTINUATION) { 8 } else { 4 };
    let message = header.get(skipped..).ok_or_else(beyond)?;
    let message = root_as_message(message).map_err(|e| format!("one of its blocks is damaged ({e})"))?;
    check_message(file, &message, body_start, body)
}

/// Checks the batch of a message, if it has one, and returns its decompressed size in bytes.
fn check_message(file: &mut File, message: &Message<'_>, body_start: u64, body: u64) -> Result<u64, String> {
    let batch = message
        .header_as_record_batch()
        .or_else(|| message.header_as_dictionary_batch().and_then(|dictionary| dictionary.data()));
    match batch {
        Some(batch) => check_batch(file, &batch, body_start, body).map(|claimed| claimed.max(body)),
        None => Ok(body),
    }
}

/// Checks the buffers of a block and returns the total decompressed size of its compressed buffers.
fn check_batch(file: &mut File, batch: &RecordBatch<'_>, body_start: u64, body: u64) -> Result<u64, String> {
    let mut claimed = 0u64;
    for buffer in batch.buffers().into_iter().flatten() {
        let (Ok(offset), Ok(size)) = (u64::try_from(buffer.offset()), u64::try_from(buffer.length())) else {
            return Err("one of its columns has a negative size".into());
        };
        if offset.checked_add(size).is_none_or(|end| end > body) {
            return Err("one of its columns lies beyond its block".into());
        }
        if batch.compression().is_some() && size >= 8 {
            let prefix = bytes(file, body_start + offset, 8)?;
            let decompressed = i64::from_le_bytes(prefix.as_slice().try_into().unwrap_or_default());
            // -1 marks a buffer that is not compressed.
            if decompressed != -1 {
                let decompressed =
                    u64::try_from(decompressed).map_err(|_| "one of its columns has a negative size")?;
                claimed = claimed.saturating_add(decompressed);
            }
        }
    }
    let limit = MAX_BYTES.max(body.saturating_mul(MAX_RATIO));
    if claimed > limit {
        return Err(format!(
            "a batch of {body} bytes claims {claimed} decompressed bytes, but at most {limit} are read; save it in smaller batches"
        ));
    }
    Ok(claimed)
}

/// Reads bytes that lie within the file.
fn bytes(file: &mut File, start: u64, length: u64) -> Result<Vec<u8>, String> {
    let mut out = Vec::new();
    let read =
        file.seek(SeekFrom::Start(start)).and_then(|_| Read::by_ref(file).take(length).read_to_end(&mut out));
    match read {
        Ok(read) if read as u64 == length => Ok(out),
        Ok(_) => Err("it is truncated".into()),
        Err(e) => Err(e.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow_array::types::Int32Type;
    use arrow_array::{ArrayRef, DictionaryArray, Int32Array, RecordBatch, StringArray};
    use arrow_ipc::CompressionType;
    use arrow_ipc::writer::{FileWriter, IpcWriteOptions};
    use std::io::Write;
    use std::sync::Arc;

    #[test]
    fn sizes_of_all_dictionaries_are_added() {
        let large: Arc<StringArray> = Arc::new(std::iter::once(Some("0".repeat(1 << 20))).collect());
        let column = || -> ArrayRef {
            let keys = Int32Array::from(vec![0, 0]);
            Arc::new(DictionaryArray::<Int32Type>::new(keys, Arc::clone(&large) as ArrayRef))
        };
        let batch = RecordBatch::try_from_iter([("a", column()), ("b", column())]).unwrap();
        let options = IpcWriteOptions::default().try_with_compression(Some(CompressionType::ZSTD)).unwrap();
        let mut writer = FileWriter::try_new_with_options(Vec::new(), &batch.schema(), options).unwrap();
        writer.write(&batch).unwrap();
        let bytes = writer.into_inner().unwrap();
        assert!(bytes.len() < 1 << 14, "{} bytes", bytes.len());
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(&bytes).unwrap();
        assert_eq!(check(&mut file), Ok(false));
        assert_eq!(check_within(&mut file, 3 << 20, 0), Ok(()));
        // Each of them alone is within the limit.
        let refused = check_within(&mut file, 3 << 19, 0).unwrap_err();
        assert!(
            refused.starts_with("its dictionaries claim more than 1572864 decompressed bytes"),
            "{refused}"
        );
    }
}
