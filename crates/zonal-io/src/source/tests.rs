use super::*;
use arrow_array::types::Int8Type;
use arrow_array::{
    ArrayRef, BooleanArray, Date32Array, Decimal128Array, DictionaryArray, Float32Array, Float64Array,
    Int16Array, Int64Array, LargeStringArray, NullArray, RecordBatch, StringArray, TimestampMicrosecondArray,
};
use arrow_schema::{DataType, Field, Schema};
use field::text;
use std::io::Write;
use std::sync::Arc;
use zonal::linalg::Matrix;
use zonal::rows::Rows;

/// All rows of a table, as (numbers, features, labels).
fn read(paths: &[PathBuf], columns: &Columns, missing: Missing, dialect: Dialect) -> Result<Rows> {
    let source = Source::open(paths, dialect, columns, missing)?;
    let mut whole: Option<Rows> = None;
    for rows in source.blocks() {
        let rows = rows?;
        whole = Some(match whole {
            None => rows,
            Some(before) => {
                let join = |a: &Matrix, b: &Matrix| {
                    let values = [a.values(), b.values()].concat();
                    Matrix::from_rows(a.rows() + b.rows(), a.columns(), values).unwrap()
                };
                assert_eq!(before.covered.end, rows.covered.start);
                Rows {
                    covered: before.covered.start..rows.covered.end,
                    numbers: [before.numbers, rows.numbers].concat(),
                    features: join(&before.features, &rows.features),
                    labels: join(&before.labels, &rows.labels),
                    weights: [before.weights, rows.weights].concat(),
                    draws: [before.draws, rows.draws].concat(),
                }
            }
        });
    }
    Ok(whole.unwrap())
}

fn written(name: &str, bytes: &[u8]) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    std::fs::write(&path, bytes).unwrap();
    (folder, path)
}

fn read_text(text: &[u8], columns: &Columns, missing: Missing, dialect: Dialect) -> Result<Rows> {
    let (_folder, path) = written("data.csv", text);
    read(&[path], columns, missing, dialect)
}

fn labelled(label: &str) -> Columns {
    Columns { labels: vec![label.to_owned()], features: None, ..Columns::default() }
}

#[test]
fn a_plain_table_is_read() {
    let text = b"\xef\xbb\xbfa, b ,y\n1,2,3\r\n\"4\",-5e-1 ,6\n";
    let rows = read_text(text, &labelled("y"), Missing::Reject, Dialect::default()).unwrap();
    assert_eq!(rows.features.values(), &[1.0, 2.0, 4.0, -0.5]);
    assert_eq!(rows.labels.values(), &[3.0, 6.0]);
}

#[test]
fn columns_without_names_other_delimiters_and_several_labels() {
    let dialect = Dialect { delimiter: b';', header: false, decimal: Decimal::Point };
    let columns = Columns {
        labels: vec!["c3".into(), "c2".into()],
        features: Some(vec!["c4".into()]),
        ..Columns::default()
    };
    let rows = read_text(b"x;2;3;7\ny;5;6;8\n", &columns, Missing::Reject, dialect).unwrap();
    assert_eq!(rows.labels.values(), &[3.0, 2.0, 6.0, 5.0]);
    assert_eq!(rows.features.values(), &[7.0, 8.0]);
}

#[test]
fn rows_with_missing_values_keep_the_numbers_of_the_others() {
    let text = b"a,y\n1,2\n,3\n4,NA\n5,6\n";
    let rows = read_text(text, &labelled("y"), Missing::Drop, Dialect::default()).unwrap();
    assert_eq!((rows.numbers, rows.covered), (vec![0, 3], 0..4));
}

#[test]
fn every_error_names_its_position() {
    let cases: &[(&[u8], &str)] = &[
        (b"", "the file is empty"),
        (b"a,y\n", "no rows"),
        (b"a,y\n1,2\n1,2,3\n", "line 3: found 3 fields, but the first line has 2"),
        (b"a,y\n1,2\nx,2\n", "line 3, column 'a': found 'x', but a number is needed"),
        (b"a,y\n1,2\n1,high\n", "line 3, column 'y': the label must be a number, but found 'high'"),
        (b"a,y\n1,\n", "line 2, column 'y': the value is missing"),
        (b"a,y\nnan,1\n", "line 2, column 'a': the value is missing"),
        (b"a,y\n-inf,1\n", "line 2, column 'a': found '-inf'"),
        (b"a,y\n1e999,1\n", "found '1e999', but only finite"),
        (b"a,y,a\n1,2,3\n", "columns 1 and 3 have the same name"),
        (b"1,2\n3,4\n", "no_header"),
        (b"a,b\n1,2\n", "there is no column 'y'; the columns are a, b"),
        (b"y\n1\n", "only column"),
        (b"a\0,y\n1,2\n", "UTF-16 without a byte order mark"),
        (b"{\"a\":1,\"y\":2}\n{\"a\":\n", "line 2 is not a JSON object (EOF while parsing a value"),
        (
            b"{\"a\":1,\"y\":2}\n[1,2]\n",
            "line 2 is not a JSON object (invalid type: sequence, expected an object",
        ),
        (
            b"{\"a\":1,\"y\":2}\n\n{\"a\":[1],\"y\":2}\n",
            "line 3: the value of 'a' is an object or a list; one value is needed",
        ),
        (b"{\"a\":1,\"y\":2}\n{\"a\":3}\n", "line 2, column 'y': the value is missing"),
        (
            b"[{\"a\":1,\"y\":2},\n{\"a\":3,\"y\":4}]\n",
            "is an array of JSON, but each line must hold one object",
        ),
        (b"# made by hand\na,y\n1,2\n# end\n1\n", "line 5: found 1 fields, but the first line has 2"),
    ];
    for (text, expected) in cases {
        let error = read_text(text, &labelled("y"), Missing::Reject, Dialect::default()).unwrap_err();
        let message = error.to_string();
        assert!(message.contains(expected), "{:?}: {message}", String::from_utf8_lossy(text));
    }
    let features = |list: &[&str]| Some(list.iter().map(|s| (*s).to_owned()).collect::<Vec<_>>());
    let with = |labels: &[&str], chosen: &[&str]| {
        let columns =
            Columns { labels: features(labels).unwrap(), features: features(chosen), ..Columns::default() };
        let message = read_text(b"a,y\n1,2\n", &columns, Missing::Reject, Dialect::default());
        message.unwrap_err().to_string()
    };
    assert!(with(&["y"], &["a", "y"]).contains("cannot also be a feature"));
    assert!(with(&["y"], &["a", "a"]).contains("named twice"));
    assert!(with(&["y", "y"], &["a"]).contains("this label is named twice"));
}

#[test]
fn paths_that_are_not_tables_are_refused() {
    let message = |p: &str| {
        Source::open(&[p.into()], Dialect::default(), &Columns::default(), Missing::Reject)
            .unwrap_err()
            .to_string()
    };
    assert!(message("-").contains("a pipe"));
    assert!(message(".").contains("a folder"));
    assert!(message("/no/such/file.csv").contains("opening failed"));
    assert!(message("/no/such/*.csv").contains("no file matches"));
    let (_folder, path) = written("x.parquet", b"hello");
    assert!(message(path.to_str().unwrap()).contains("is not a valid .parquet file"));
    let (_folder, path) = written("x.xlsx", b"PK\x03\x04");
    assert!(message(path.to_str().unwrap()).contains("save the table as"));
}

#[test]
fn gzip_files_and_several_files_are_one_table() {
    let folder = tempfile::tempdir().unwrap();
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(b"a,y\n1,2\n3,4\n").unwrap();
    std::fs::write(folder.path().join("part-1.csv.gz"), gzip.finish().unwrap()).unwrap();
    // Columns in another order, and one more.
    std::fs::write(folder.path().join("part-2.csv"), "y,b,a\n6,0,5\n").unwrap();
    let pattern = folder.path().join("part-*");
    let rows = read(&[pattern], &labelled("y"), Missing::Reject, Dialect::default()).unwrap();
    assert_eq!((rows.features.values(), rows.labels.values()), (&[1.0, 3.0, 5.0][..], &[2.0, 4.0, 6.0][..]));
    std::fs::write(folder.path().join("part-3.csv"), "a,z\n1,2\n").unwrap();
    let pattern = folder.path().join("part-*");
    let error = read(&[pattern], &labelled("y"), Missing::Reject, Dialect::default()).unwrap_err();
    assert!(error.to_string().contains("part-3.csv: there is no column 'y'"), "{error}");
}

/// The columns a (numbers, one of them missing), b (single precision), i (whole numbers), f (flags), s (text).
fn batch() -> RecordBatch {
    let columns: [(&str, ArrayRef); 5] = [
        ("a", Arc::new(Float64Array::from(vec![Some(1.5), None, Some(3.0)]))),
        ("b", Arc::new(Float32Array::from(vec![0.5, 0.25, -1.0]))),
        ("i", Arc::new(Int64Array::from(vec![7, -8, 9]))),
        ("f", Arc::new(BooleanArray::from(vec![true, false, true]))),
        ("s", Arc::new(StringArray::from(vec!["x", "y", "z"]))),
    ];
    RecordBatch::try_from_iter(columns).unwrap()
}

fn parquet_bytes() -> Vec<u8> {
    let mut out = Vec::new();
    let mut writer = ::parquet::arrow::ArrowWriter::try_new(&mut out, batch().schema(), None).unwrap();
    (0..4_000).for_each(|_| writer.write(&batch()).unwrap());
    writer.close().unwrap();
    out
}

fn stream_bytes() -> Vec<u8> {
    let mut out = Vec::new();
    let mut writer = arrow_ipc::writer::StreamWriter::try_new(&mut out, &batch().schema()).unwrap();
    (0..4_000).for_each(|_| writer.write(&batch()).unwrap());
    writer.finish().unwrap();
    out
}

fn ipc_bytes() -> Vec<u8> {
    let mut out = Vec::new();
    let mut writer = arrow_ipc::writer::FileWriter::try_new(&mut out, &batch().schema()).unwrap();
    (0..4_000).for_each(|_| writer.write(&batch()).unwrap());
    writer.finish().unwrap();
    out
}

#[test]
fn parquet_and_arrow_give_the_chosen_columns_in_the_chosen_order() {
    for (name, bytes) in
        [("t.parquet", parquet_bytes()), ("t.arrow", ipc_bytes()), ("t.arrows", stream_bytes())]
    {
        let (_folder, path) = written(name, &bytes);
        let path = [path];
        let columns = Columns {
            labels: vec!["b".into()],
            features: Some(["i", "f", "a"].map(String::from).to_vec()),
            weight: None,
            ..Columns::default()
        };
        let rows = read(&path, &columns, Missing::Drop, Dialect::default()).unwrap();
        assert_eq!((rows.len(), rows.covered.end), (8_000, 12_000));
        assert_eq!(rows.numbers[..4], [0, 2, 3, 5]);
        assert_eq!(rows.features.row(7_999), &[9.0, 1.0, 3.0]);
        assert_eq!(rows.labels.values()[..2], [0.5, -1.0]);
        let error = read(&path, &columns, Missing::Reject, Dialect::default()).unwrap_err().to_string();
        assert!(error.contains("column 'a': row 1 (counted from 0) lacks a value"), "{error}");
        let error = read(&path, &labelled("b"), Missing::Drop, Dialect::default()).unwrap_err().to_string();
        assert!(
            error.contains("column 's': has the type Utf8, but numbers or booleans are needed"),
            "{error}"
        );
    }
}

/// Texts, dates, dictionaries and decimals, in the types of Arrow.
fn texts_batch() -> RecordBatch {
    let colours = vec![Some("red"), None, Some("blue"), Some("red")];
    let dictionary: DictionaryArray<Int8Type> = colours.iter().copied().collect();
    let numbers = Float64Array::from(vec![Some(2.5), None, Some(-1.0)]);
    let keys = Int16Array::from(vec![Some(0), Some(1), None, Some(2)]);
    let days = vec![Some(19_782), Some(19_783), None, Some(0)];
    let seconds = |x: Option<i32>| x.map(|x| i64::from(x) * 86_400_000_000 + 21_600_000_000);
    let decimals = Decimal128Array::from(vec![Some(3), Some(-12), None, Some(100)]);
    let columns: [(&str, ArrayRef); 8] = [
        ("text", Arc::new(StringArray::from(colours.clone()))),
        ("large", Arc::new(LargeStringArray::from(colours.clone()))),
        ("dictionary", Arc::new(dictionary)),
        ("numbers", Arc::new(DictionaryArray::new(keys, Arc::new(numbers)))),
        ("day", Arc::new(Date32Array::from(days.clone()))),
        ("time", Arc::new(TimestampMicrosecondArray::from_iter(days.into_iter().map(seconds)))),
        ("decimal", Arc::new(decimals.with_precision_and_scale(10, 1).unwrap())),
        ("y", Arc::new(Int64Array::from(vec![1, 2, 3, 4]))),
    ];
    RecordBatch::try_from_iter(columns).unwrap()
}

const TEXTS_CSV: &str = "text,large,dictionary,numbers,day,time,decimal,y
red,red,red,2.5,2024-02-29,2024-02-29T06:00:00,0.3,1
,,,,2024-03-01,2024-03-01T06:00:00,-1.2,2
blue,blue,blue,,,,,3
red,red,red,-1,1970-01-01,1970-01-01T06:00:00,10.0,4
";

#[test]
fn text_dates_and_dictionaries_are_those_of_csv_in_every_format() {
    let batch = texts_batch();
    let mut ipc = Vec::new();
    let mut writer = arrow_ipc::writer::FileWriter::try_new(&mut ipc, &batch.schema()).unwrap();
    writer.write(&batch).unwrap();
    writer.finish().unwrap();
    drop(writer);
    let mut stream = Vec::new();
    let mut writer = arrow_ipc::writer::StreamWriter::try_new(&mut stream, &batch.schema()).unwrap();
    writer.write(&batch).unwrap();
    writer.finish().unwrap();
    drop(writer);
    let mut parquet = Vec::new();
    let mut writer = ::parquet::arrow::ArrowWriter::try_new(&mut parquet, batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    let json: String = TEXTS_CSV
        .lines()
        .skip(1)
        .map(|line| {
            let value = |(name, value): (&str, &str)| match value.parse::<f64>() {
                _ if value.is_empty() => format!("\"{name}\":null"),
                Ok(_) => format!("\"{name}\": {value}"),
                Err(_) => format!("\"{name}\":\"{}\"", value.replace('r', "\\u0072")),
            };
            let names = TEXTS_CSV.lines().next().unwrap().split(',');
            format!("{{{}}}\n", names.zip(line.split(',')).map(value).collect::<Vec<_>>().join(","))
        })
        .collect();
    let mut expected = None;
    for (name, bytes) in [
        ("t.csv", TEXTS_CSV.as_bytes()),
        ("t.arrow", &ipc),
        ("t.arrows", &stream),
        ("t.parquet", &parquet),
        ("t.jsonl", json.as_bytes()),
        ("t.json", json.as_bytes()),
    ] {
        let (_folder, path) = written(name, bytes);
        let open = |columns: &Columns| {
            Source::open(std::slice::from_ref(&path), Dialect::default(), columns, Missing::Fill).unwrap()
        };
        let source = open(&labelled("y"));
        let encoding = source.inspect(&[], &|_| true, &|| false).unwrap();
        let source = source.encoded(Arc::new(encoding.clone())).unwrap();
        let rows: Vec<Rows> = source.blocks().collect::<Result<_>>().unwrap();
        let found = (encoding, rows[0].features.clone(), rows[0].labels.clone());
        assert_eq!(*expected.get_or_insert(found.clone()), found, "{name}");
        let source = open(&Columns { features: Some(vec!["y".into()]), ..labelled("dictionary") });
        assert!(source.has_class_label().unwrap(), "{name}");
        let classes = source.find_classes(false, &|| false).unwrap();
        assert_eq!(
            (&classes.names[..], &classes.rows[..]),
            (&["blue".into(), "red".into()][..], &[1, 2][..])
        );
        let source = source.classified(Arc::new(classes), false).unwrap();
        let rows = source.blocks().next().unwrap().unwrap();
        assert_eq!(rows.labels.values(), [0.0, 1.0, 1.0, 0.0, 0.0, 1.0], "{name}");
    }
    let names = expected.unwrap().0.names();
    assert!(names.contains(&"numbers is missing".into()) && names.contains(&"time hour".into()), "{names:?}");
}

#[test]
fn text_files_may_be_wide_packed_commented_and_in_latin_1() {
    let plain = "gr\u{f6}\u{df}e;y\n1234,5;1\n-2;2\n";
    let wide: Vec<u8> = format!("\u{feff}{plain}").encode_utf16().flat_map(u16::to_le_bytes).collect();
    let latin = plain.chars().map(|c| c as u32 as u8).collect::<Vec<u8>>();
    let zstd = zstd::encode_all(plain.as_bytes(), 0).unwrap();
    let comments = format!("# by hand, on a day\nsep=;\n{plain}# the end\n");
    let numpy = format!("# {plain}").into_bytes();
    for (name, bytes) in [
        ("t.csv", plain.as_bytes()),
        ("t.csv", &wide),
        ("t.csv", &latin),
        ("t.csv.zst", &zstd),
        ("t.csv", comments.as_bytes()),
        ("t.csv", &numpy),
        ("t.csv", plain.replace("1234,5", "1.234,5").as_bytes()),
        ("t.csv", plain.replace('\n', "\r\n").as_bytes()),
    ] {
        let (_folder, path) = written(name, bytes);
        let (delimiter, decimal) = default_dialect(&[&path], None, None).unwrap();
        assert_eq!((delimiter, decimal), (';', Decimal::Comma), "{}", text(bytes));
        let dialect = Dialect::new(true, delimiter, decimal).unwrap();
        let columns = Columns { features: Some(vec!["gr\u{f6}\u{df}e".into()]), ..labelled("y") };
        let rows = read(&[path], &columns, Missing::Reject, dialect).unwrap();
        assert_eq!((rows.features.values(), rows.labels.values()), (&[1234.5, -2.0][..], &[1.0, 2.0][..]));
    }
}

/// An .npy file by its parts.
fn npy(descr: &str, fortran: bool, shape: &str, data: &[u8]) -> Vec<u8> {
    let flag = if fortran { "True" } else { "False" };
    let mut header = format!("{{'descr': '{descr}', 'fortran_order': {flag}, 'shape': {shape}, }}");
    while (header.len() + 11) % 64 != 0 {
        header.push(' ');
    }
    header.push('\n');
    let length = u16::try_from(header.len()).unwrap().to_le_bytes();
    [b"\x93NUMPY\x01\x00", &length[..], header.as_bytes(), data].concat()
}

fn bytes_of<const N: usize, T>(values: &[T], f: impl Fn(&T) -> [u8; N]) -> Vec<u8> {
    values.iter().flat_map(f).collect()
}

#[test]
fn numpy_matrices_of_every_kind_have_numbered_columns() {
    let values = [1.0, 2.0, 3.0, 4.0, -5.0, 6.0];
    let columns = Columns {
        labels: vec!["c3".into()],
        features: Some(vec!["c2".into(), "c1".into()]),
        ..Columns::default()
    };
    let transposed = [1.0, 4.0, 2.0, -5.0, 3.0, 6.0];
    let integers = values.map(|x| x as i16);
    let files = [
        npy("<f8", false, "(2, 3)", &bytes_of(&values, |x: &f64| x.to_le_bytes())),
        npy(">f8", false, "(2, 3)", &bytes_of(&values, |x: &f64| x.to_be_bytes())),
        npy("<f8", true, "(2, 3)", &bytes_of(&transposed, |x: &f64| x.to_le_bytes())),
        npy("<f4", false, "(2, 3)", &bytes_of(&values.map(|x| x as f32), |x: &f32| x.to_le_bytes())),
        npy(">i2", false, "(2, 3)", &bytes_of(&integers, |x: &i16| x.to_be_bytes())),
        npy("|i1", false, "(2, 3)", &bytes_of(&values.map(|x| x as i8), |x: &i8| x.to_le_bytes())),
        // 1, 2, 3, 4, -5, 6 in half precision.
        npy(
            "<f2",
            false,
            "(2, 3)",
            &bytes_of(&[0x3c00u16, 0x4000, 0x4200, 0x4400, 0xc500, 0x4600], |x| x.to_le_bytes()),
        ),
    ];
    for (i, bytes) in files.iter().enumerate() {
        let (_folder, path) = written("x.npy", bytes);
        let rows = read(&[path], &columns, Missing::Reject, Dialect::default()).unwrap();
        assert_eq!(rows.features.values(), &[2.0, 1.0, -5.0, 4.0], "file {i}");
        assert_eq!(rows.labels.values(), &[3.0, 6.0], "file {i}");
    }
    // Any nonzero byte is true.
    let (_folder, path) = written("x.npy", &npy("|b1", false, "(2, 3)", &[0, 1, 7, 255, 0, 0]));
    let rows = read(&[path], &columns, Missing::Reject, Dialect::default()).unwrap();
    assert_eq!((rows.features.values(), rows.labels.values()), (&[1.0, 0.0, 0.0, 1.0][..], &[1.0, 0.0][..]));
}

#[test]
fn archives_are_tables_by_the_names_of_their_arrays() {
    for method in [zip::CompressionMethod::Stored, zip::CompressionMethod::Deflated] {
        let mut archive = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
        let options = zip::write::SimpleFileOptions::default().compression_method(method);
        let matrix: Vec<f64> = (0..40_000).map(f64::from).collect();
        let label: Vec<i64> = (0..20_000).collect();
        archive.start_file("X.npy", options).unwrap();
        archive.write_all(&npy("<f8", false, "(20000, 2)", &bytes_of(&matrix, |x| x.to_le_bytes()))).unwrap();
        archive.start_file("y.npy", options).unwrap();
        archive.write_all(&npy("<i8", false, "(20000,)", &bytes_of(&label, |x| x.to_le_bytes()))).unwrap();
        let bytes = archive.finish().unwrap().into_inner();
        let (_folder, path) = written("t.npz", &bytes);
        let path = [path];
        let rows = read(&path, &labelled("y"), Missing::Reject, Dialect::default()).unwrap();
        assert_eq!(rows.features.row(19_999), &[39_998.0, 39_999.0]);
        assert_eq!(rows.labels.row(19_999), &[19_999.0]);
        let source = Source::open(&path, Dialect::default(), &labelled("y"), Missing::Reject).unwrap();
        assert_eq!(source.feature_names(), ["X1", "X2"]);
    }
}

#[test]
fn damaged_files_are_errors_and_never_panic() {
    let columns = Columns { labels: vec!["c1".into()], features: None, ..Columns::default() };
    let good = npy("<f8", false, "(2, 3)", &[0; 48]);
    for length in 0..good.len() {
        let (_folder, path) = written("x.npy", &good[..length]);
        assert!(read(&[path], &columns, Missing::Reject, Dialect::default()).is_err(), "cut at {length}");
    }
    for (descr, shape, expected) in [
        ("<f8", "(200000000000, 3)", "is truncated"),
        ("<f8", "(2, 3, 4)", "3 dimensions"),
        ("<f8", "(0, 3)", "is empty"),
        ("|O", "(2, 3)", "numbers"),
        ("<U3", "(2, 3)", "numbers or booleans"),
        ("<f8", "(2, 99999999999)", "columns"),
    ] {
        let (_folder, path) = written("x.npy", &npy(descr, false, shape, &[0; 48]));
        let error = read(&[path], &columns, Missing::Reject, Dialect::default()).unwrap_err().to_string();
        assert!(error.contains(expected), "{shape}: {error}");
    }
    let columns =
        Columns { labels: vec!["b".into()], features: Some(vec!["i".into()]), ..Columns::default() };
    for (name, bytes) in
        [("t.parquet", parquet_bytes()), ("t.arrow", ipc_bytes()), ("t.arrows", stream_bytes())]
    {
        for part in 1..20 {
            let (_folder, path) = written(name, &bytes[..bytes.len() * part / 20]);
            assert!(read(&[path], &columns, Missing::Drop, Dialect::default()).is_err(), "{name} {part}");
        }
        // Flipped bytes give an error or other numbers.
        for i in (0..bytes.len()).step_by(bytes.len() / 60) {
            let mut damaged = bytes.clone();
            damaged[i] ^= 0x55;
            let (_folder, path) = written(name, &damaged);
            let _ = read(&[path], &columns, Missing::Drop, Dialect::default());
        }
    }
}

#[test]
fn sizes_in_headers_are_checked_before_memory_is_allocated() {
    let refused = |name: &str, bytes: &[u8], label: &str, expected: &str| {
        let (_folder, path) = written(name, bytes);
        let error =
            read(&[path], &labelled(label), Missing::Drop, Dialect::default()).unwrap_err().to_string();
        assert!(error.contains(expected), "{name}: {error}");
    };
    // Four gigabytes of a header in a file of 16 bytes, and one that is nested as deep as it is long.
    refused("x.npy", b"\x93NUMPY\x02\x00\xff\xff\xff\xff{'de", "c1", "4294967295 bytes, but at most 10000");
    let nested = [b"\x93NUMPY\x01\x00\x88\x13", &[b'('; 5_000][..]].concat();
    refused("x.npy", &nested, "c1", "nested more than 8 levels deep");
    // A row that does not end, plain and as a few kilobytes that decompress to it.
    let endless = [b"a,y\n1,2\n\"", &vec![b'0'; 33 << 20][..]].concat();
    refused("x.csv", &endless, "y", "line 3: a row is longer than 32 MiB");
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(&endless).unwrap();
    refused("x.csv.gz", &gzip.finish().unwrap(), "y", "line 3: a row is longer than 32 MiB");
    refused("x.csv", &vec![b','; 1_000_000], "y", "1000001 columns, but at most 1000000");
}

/// Builds an .npz file from encoded arrays.
fn npz(arrays: &[(&str, Vec<u8>)], method: zip::CompressionMethod) -> Vec<u8> {
    let mut archive = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let options = zip::write::SimpleFileOptions::default().compression_method(method);
    for (name, bytes) in arrays {
        archive.start_file(format!("{name}.npy"), options).unwrap();
        archive.write_all(bytes).unwrap();
    }
    archive.finish().unwrap().into_inner()
}

#[test]
fn columns_of_all_arrays_of_an_archive_count_together() {
    let wide = npy("|u1", false, "(1, 400000)", &vec![7; 400_000]);
    let arrays: Vec<(&str, Vec<u8>)> = ["a", "b", "c"].map(|name| (name, wide.clone())).to_vec();
    let (_folder, path) = written("x.npz", &npz(&arrays, zip::CompressionMethod::Deflated));
    let path = [path];
    let error = read(&path, &labelled("a1"), Missing::Drop, Dialect::default()).unwrap_err().to_string();
    assert!(error.contains("1200000 columns, but at most 1000000"), "{error}");
}

#[test]
fn damage_of_a_number_in_an_archive_is_detected() {
    let numbers: Vec<f64> = (0..30_000).map(f64::from).collect();
    let array = npy("<f8", false, "(30000,)", &bytes_of(&numbers, |x| x.to_le_bytes()));
    for method in [zip::CompressionMethod::Stored, zip::CompressionMethod::Deflated] {
        let mut bytes = npz(&[("x", array.clone()), ("y", array.clone())], method);
        let (_folder, path) = written("t.npz", &bytes);
        assert!(read(&[path], &labelled("y"), Missing::Reject, Dialect::default()).is_ok());
        // In the middle of the first array: the last bits of a number, which only the checksum detects.
        let at = bytes.len() / 4;
        bytes[at] ^= 1;
        let (_folder, path) = written("t.npz", &bytes);
        let error = read(&[path], &labelled("y"), Missing::Reject, Dialect::default()).unwrap_err();
        let stored = method == zip::CompressionMethod::Stored;
        assert!(
            !stored || format!("{error:?}").contains("its checksum does not match its contents"),
            "{error:?}"
        );
    }
}

#[test]
fn contiguous_columns_need_one_handle_and_bounded_memory() {
    // More columns than a program may have files open, and more rows than the buffer holds.
    for (rows, columns) in [(50, 1_100), (200_000, 2)] {
        let value = |row: usize, column: usize| ((row * 31 + column * 17) % 251) as u8;
        let data: Vec<u8> = (0..columns).flat_map(|c| (0..rows).map(move |r| value(r, c))).collect();
        let (_folder, path) = written("x.npy", &npy("|u1", true, &format!("({rows}, {columns})"), &data));
        let label = format!("c{columns}");
        let table = read(&[path], &labelled(&label), Missing::Reject, Dialect::default()).unwrap();
        assert_eq!(table.len(), rows);
        for row in 0..rows {
            let features = (0..columns - 1).map(|c| f64::from(value(row, c)));
            assert!(features.eq(table.features.row(row).iter().copied()), "row {row}");
            assert_eq!(table.labels.row(row), [f64::from(value(row, columns - 1))]);
        }
    }
}

#[test]
fn a_column_without_a_value_is_empty_and_alone_it_is_refused_before_it_is_read() {
    let schema = Arc::new(Schema::new(vec![
        Field::new("nothing", DataType::Null, true),
        Field::new("y", DataType::Float64, true),
    ]));
    let columns: Vec<ArrayRef> =
        vec![Arc::new(NullArray::new(2)), Arc::new(Float64Array::from(vec![1.0, 2.0]))];
    let batch = RecordBatch::try_new(schema.clone(), columns).unwrap();
    let mut writer = arrow_ipc::writer::FileWriter::try_new(Vec::new(), &schema).unwrap();
    writer.write(&batch).unwrap();
    let (_folder, path) = written("x.arrow", &writer.into_inner().unwrap());
    let path = [path];
    let source = Source::open(&path, Dialect::default(), &labelled("y"), Missing::Fill).unwrap();
    // Without cells of its own it is read alone.
    let kinds = Source::open(&path, Dialect::default(), &labelled("y"), Missing::Reject).unwrap();
    let encoding = kinds.inspect(&[], &|_| true, &|| false).unwrap();
    assert_eq!((encoding.columns[0].kind.clone(), encoding.rows), (Kind::Unused { different: 0 }, 2));
    let rows = source.encoded(Arc::new(encoding)).unwrap().blocks().next().unwrap().unwrap();
    assert_eq!((rows.features.columns(), rows.labels.values()), (0, &[1.0, 2.0][..]));
    let columns = Columns { features: Some(vec!["nothing".into()]), ..labelled("nothing") };
    let error = read(&path, &columns, Missing::Drop, Dialect::default()).unwrap_err().to_string();
    assert!(error.contains("column 'nothing': "), "{error}");
}

/// Reads a file with one bit after another changed among its first `end` bytes, where each change must be an error or change
/// no number. Returns how many errors name a checksum.
fn checksum_errors(name: &str, bytes: &[u8], end: usize, step: usize) -> usize {
    let (_folder, path) = written(name, bytes);
    let path = [path];
    let numbers = || {
        let rows = read(&path, &labelled("y"), Missing::Drop, Dialect::default())?;
        Ok((rows.features.values().to_vec(), rows.labels.values().to_vec()))
    };
    let expected: Result<_> = numbers();
    let expected = expected.unwrap();
    let mut named = 0;
    for i in (0..end).step_by(step) {
        let mut damaged = bytes.to_vec();
        damaged[i] ^= 1 << (i % 8);
        std::fs::write(&path[0], &damaged).unwrap();
        match numbers() {
            Ok(found) => assert!(found == expected, "{name}, byte {i}"),
            Err(error) => {
                let source = std::error::Error::source(&error).map(ToString::to_string);
                named += usize::from(format!("{error} {source:?}").contains("checksum"));
            }
        }
    }
    named
}

#[test]
fn a_changed_bit_in_a_file_with_checksums_is_detected() {
    // Written by pyarrow: tests/data/checksums.py.
    for (name, bytes) in [
        ("1-none.parquet", &include_bytes!("../../tests/data/checksums-1-none.parquet")[..]),
        ("1-zstd.parquet", include_bytes!("../../tests/data/checksums-1-zstd.parquet")),
        ("2-none.parquet", include_bytes!("../../tests/data/checksums-2-none.parquet")),
        ("2-zstd.parquet", include_bytes!("../../tests/data/checksums-2-zstd.parquet")),
    ] {
        // The footer has no checksum; before it come pages, and their headers, which are short.
        let (&footer, _) = bytes[bytes.len() - 8..].split_first_chunk().unwrap();
        let end = bytes.len() - 8 - u32::from_le_bytes(footer) as usize;
        let named = checksum_errors(name, bytes, end, 11);
        assert!(named > end / 11 / 2, "{name}: {named}");
    }
    let text = |rows: std::ops::Range<u32>| rows.map(|i| format!("{i},{}\n", i * i)).collect::<String>();
    let gzip = |text: &str| {
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        gzip.write_all(text.as_bytes()).unwrap();
        gzip.finish().unwrap()
    };
    // Two members, as concatenated files have.
    let both = [gzip(&("a,y\n".to_owned() + &text(0..300))), gzip(&text(300..400))].concat();
    assert!(checksum_errors("t.csv.gz", &both, both.len(), 1) > 50);
    let garbage = [&both[..], b"more"].concat();
    let (_folder, path) = written("t.csv.gz", &garbage);
    let error = read(&[path], &labelled("y"), Missing::Drop, Dialect::default()).unwrap_err().to_string();
    assert!(error.contains("not a complete gzip file"), "{error}");
    let numbers: Vec<f64> = (0..200).map(f64::from).collect();
    let array = npy("<f8", false, "(200,)", &bytes_of(&numbers, |x| x.to_le_bytes()));
    for method in [zip::CompressionMethod::Stored, zip::CompressionMethod::Deflated] {
        let bytes = npz(&[("x", array.clone()), ("y", array.clone())], method);
        let named = checksum_errors("t.npz", &bytes, bytes.len(), 1);
        assert!(named > 200, "{method}: {named}");
    }
    // With bytes after the numbers the end, where the checksum is verified, would not be reached.
    let longer = [&array[..], &[0; 9]].concat();
    let (_folder, path) = written("t.npz", &npz(&[("y", longer)], zip::CompressionMethod::Stored));
    let error = read(&[path], &labelled("y"), Missing::Drop, Dialect::default()).unwrap_err().to_string();
    assert!(error.contains("its array 'y' has 1737 bytes, but its header claims 1728"), "{error}");
}

#[test]
fn dates_have_the_same_error_in_every_format() {
    use arrow_array::{Date32Array, DurationSecondArray, TimestampNanosecondArray};
    let needed =
        "numbers or booleans are needed; convert dates to numbers first, such as days since the first one";
    let refused = |name: &str, bytes: &[u8], label: &str, place: &str| {
        let (_folder, path) = written(name, bytes);
        let error =
            read(&[path], &labelled(label), Missing::Drop, Dialect::default()).unwrap_err().to_string();
        assert!(error.contains(place) && error.contains(needed), "{name}: {error}");
    };
    let columns: [ArrayRef; 3] = [
        Arc::new(TimestampNanosecondArray::from(vec![0, 1])),
        Arc::new(Date32Array::from(vec![0, 1])),
        Arc::new(DurationSecondArray::from(vec![0, 1])),
    ];
    for column in columns {
        let y: ArrayRef = Arc::new(Float64Array::from(vec![1.0, 2.0]));
        let batch = RecordBatch::try_from_iter([("when", column), ("y", y)]).unwrap();
        let mut parquet = Vec::new();
        let mut writer = ::parquet::arrow::ArrowWriter::try_new(&mut parquet, batch.schema(), None).unwrap();
        writer.write(&batch).unwrap();
        writer.close().unwrap();
        let mut writer = arrow_ipc::writer::FileWriter::try_new(Vec::new(), &batch.schema()).unwrap();
        writer.write(&batch).unwrap();
        refused("t.parquet", &parquet, "y", "column 'when': has the type");
        refused("t.arrow", &writer.into_inner().unwrap(), "y", "column 'when': has the type");
    }
    for kind in ["<M8[ns]", "<m8[s]"] {
        let array = npy(kind, false, "(2, 3)", &[0; 48]);
        refused("t.npy", &array, "c1", "t.npy: has the type");
        refused(
            "t.npz",
            &npz(&[("when", array)], zip::CompressionMethod::Stored),
            "y",
            "array 'when' has the type",
        );
    }
}

#[test]
fn booleans_of_a_csv_file_are_numbers() {
    let text = b"a,b,y\nTrue,1,false\nFALSE, true ,TRUE\n";
    let rows = read_text(text, &labelled("y"), Missing::Reject, Dialect::default()).unwrap();
    assert_eq!(rows.features.values(), &[1.0, 1.0, 0.0, 1.0]);
    assert_eq!(rows.labels.values(), &[0.0, 1.0]);
    let error = read_text(b"a,y\nyes,1\n", &labelled("y"), Missing::Reject, Dialect::default()).unwrap_err();
    assert!(error.to_string().contains("found 'yes'"), "{error}");
}

#[test]
fn rows_before_an_error_come_first() {
    for (text, expected) in [
        ("a,y\n1,2\n3,4\nx,5\n6,7\n", "line 4, column 'a': found 'x'"),
        ("a,y\n1,2\n3,4\n5\n6,7\n", "line 4: found 1 fields"),
    ] {
        let (_folder, path) = written("t.csv", text.as_bytes());
        let source = Source::open(&[path], Dialect::default(), &labelled("y"), Missing::Reject).unwrap();
        let mut blocks = source.blocks();
        let rows = blocks.next().unwrap().unwrap();
        assert_eq!((rows.covered, rows.labels.values()), (0..2, &[2.0, 4.0][..]));
        assert!(blocks.next().unwrap().unwrap_err().to_string().contains(expected));
        assert!(blocks.next().is_none());
    }
}
