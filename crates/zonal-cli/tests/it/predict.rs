//! Predictions of long tables and of pipes: as the rows come, in flat memory, and the same from every source.

use crate::common::Place;
use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;
use zonal_documents::predict::PredictReport;

/// How long a prediction may take to appear on a loaded machine.
const PATIENCE: Duration = Duration::from_secs(60);

fn row(i: usize) -> [f64; 2] {
    [(i as f64 * 0.37).sin(), (i as f64 * 0.11).cos()]
}

fn line(i: usize) -> String {
    let [a, b] = row(i);
    format!("{a},{b}\n")
}

fn features(rows: usize) -> String {
    ["c1,c2\n".to_owned()].into_iter().chain((0..rows).map(line)).collect()
}

/// A folder with a trained model.
fn trained() -> Place {
    let place = Place::new();
    let mut text = "c1,c2,y\n".to_owned();
    for i in 0..300 {
        let [a, b] = row(i);
        writeln!(text, "{a},{b},{}", a * b + 0.3 * a).unwrap();
    }
    place.file("train.csv", text);
    let options = [
        "--stop",
        "validation",
        "--width",
        "20",
        "--activation",
        "tanh",
        "--iterations",
        "1000",
        "--out",
        "m",
    ];
    place.succeed(&[&["train", "train.csv", "--label", "y"][..], &options].concat());
    place
}

fn start(place: &Place, arguments: &[&str]) -> Child {
    Command::new(assert_cmd::cargo::cargo_bin!("zonal"))
        .current_dir(place.path())
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

/// The lines of a program's output as they come.
fn lines(child: &mut Child) -> Receiver<String> {
    let (sender, receiver) = channel();
    let stdout = BufReader::new(child.stdout.take().unwrap());
    std::thread::spawn(move || stdout.lines().map_while(Result::ok).try_for_each(|l| sender.send(l)));
    receiver
}

/// What the program prints that is given these bytes on standard input.
pub(crate) fn run_with_input(
    place: &Place,
    arguments: &[&str],
    input: &[u8],
) -> (Option<i32>, String, String) {
    let mut child = start(place, arguments);
    let (mut stdin, input) = (child.stdin.take().unwrap(), input.to_vec());
    // It may refuse the input before it has read all of it.
    let feeder = std::thread::spawn(move || drop(stdin.write_all(&input)));
    let output = child.wait_with_output().unwrap();
    feeder.join().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

/// Kilobytes that the program has used at most.
#[cfg(target_os = "linux")]
fn peak(child: &Child) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap();
    let peak = status.lines().find_map(|l| l.strip_prefix("VmHWM:")).unwrap();
    peak.trim().trim_end_matches(" kB").parse().unwrap()
}

#[cfg(target_os = "linux")]
#[test]
fn memory_does_not_grow_with_the_number_of_rows() {
    let place = trained();
    let (few, many) = (50_000, 500_000);
    place.file("few.csv", features(few));
    place.file("many.csv", features(many));
    for format in ["table", "json"] {
        // The pipe to this test holds much less than half of the output, so the program is still at work when half of it
        // has been read, but a program that first computes everything has done so.
        let peaks = [("few.csv", few), ("many.csv", many)].map(|(file, rows)| {
            let mut child = start(&place, &["predict", "m", file, "--format", format]);
            let mut stdout = child.stdout.take().unwrap();
            let mut half = vec![0; 10 * rows];
            stdout.read_exact(&mut half).unwrap();
            let peak = peak(&child);
            let mut rest = Vec::new();
            stdout.read_to_end(&mut rest).unwrap();
            assert!(child.wait().unwrap().success() && rest.len() > 1 << 17, "{} bytes", rest.len());
            peak
        });
        // Predictions as numbers would be 7 MB more, and were 100 MB more when all of them were held.
        assert!(peaks[1] < peaks[0] + 30_000, "{format}: {peaks:?} kB");
    }
}

#[test]
fn rows_of_an_open_pipe_are_predicted_as_they_come() {
    let place = trained();
    place.file("all.csv", features(9));
    let expected: Vec<String> =
        place.succeed(&["predict", "m", "all.csv"]).stdout.lines().map(str::to_owned).collect();
    let mut child = start(&place, &["predict", "m", "-"]);
    let predictions = lines(&mut child);
    let mut stdin: ChildStdin = child.stdin.take().unwrap();
    let mut next = 0;
    let mut seen = |rows: usize| {
        for _ in 0..rows {
            assert_eq!(predictions.recv_timeout(PATIENCE).unwrap(), expected[next]);
            next += 1;
        }
    };
    let mut send = |text: &str| {
        stdin.write_all(text.as_bytes()).unwrap();
        stdin.flush().unwrap();
    };
    send("c1,c2\n");
    send(&line(0));
    // With the header of the output.
    seen(2);
    // Ends of lines as on Windows, and a row of which only a part is there yet.
    send(&(line(1).replace('\n', "\r\n") + &line(2).replace('\n', "\r\n")));
    seen(2);
    let half = line(4);
    send(&(line(3) + &half[..7]));
    seen(1);
    send(&half[7..]);
    seen(1);
    send(&(5..8).map(line).collect::<String>());
    seen(3);
    // The last line has no end.
    send(line(8).trim_end());
    drop(stdin);
    seen(1);
    assert!(predictions.recv_timeout(PATIENCE).is_err());
    assert!(child.wait().unwrap().success());
}

#[test]
fn a_pipe_gives_the_numbers_of_a_file() {
    let place = trained();
    let rows = 20_000;
    let mut text = "y,c2,c1\n".to_owned();
    for i in 0..rows {
        let [a, b] = row(i);
        writeln!(text, "{},{b},{a}", a * b).unwrap();
    }
    place.file("t.csv", &text);
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(text.as_bytes()).unwrap();
    let gzip = gzip.finish().unwrap();
    for more in [&[][..], &["--format", "json"], &["--label", "y", "--format", "json"]] {
        let expected = place.succeed(&[&["predict", "m", "t.csv"], more].concat()).stdout;
        let arguments = [&["predict", "m", "-"], more].concat();
        for input in [text.as_bytes(), &gzip] {
            let (code, stdout, stderr) = run_with_input(&place, &arguments, input);
            assert!(code == Some(0) && stdout == expected, "{more:?}: {stderr}");
        }
    }
    // Columns without a header are called c1 and c2.
    let bare: String = (0..rows).map(line).collect();
    let (_, stdout, _) = run_with_input(&place, &["predict", "m", "-", "--no-header"], bare.as_bytes());
    assert_eq!(stdout, place.succeed(&["predict", "m", "t.csv"]).stdout);
    let out = place.succeed(&["predict", "m", "t.csv", "--format", "json"]);
    let report: PredictReport = serde_json::from_str(&out.stdout).unwrap();
    let predictions = report.predictions.unwrap();
    assert_eq!((report.rows, predictions.len(), report.rmse), (rows as u64, rows, None));
    let lines = place.succeed(&["predict", "m", "t.csv"]).stdout;
    for (i, (line, prediction)) in lines.lines().skip(1).zip(&predictions).enumerate() {
        assert_eq!(prediction.row, i as u64);
        assert_eq!(line, format!("{i},{}", prediction.prediction[0]));
    }
}

#[test]
fn parts_of_the_split_are_of_the_table_of_the_training_only() {
    let place = trained();
    let text = std::fs::read_to_string(place.path().join("train.csv")).unwrap();
    let (header, rows) = text.split_once('\n').unwrap();
    let mut turned: Vec<&str> = rows.lines().collect();
    turned.reverse();
    place.file("turned.csv", format!("{header}\n{}\n", turned.join("\n")));
    place.file("longer.csv", format!("{text}0.1,0.2,0.3\n"));
    // The columns may be in any order.
    let columns = |line: &str| line.rsplit(',').collect::<Vec<_>>().join(",");
    place.file("same.csv", text.lines().map(columns).collect::<Vec<_>>().join("\n"));
    for part in ["train", "validation", "test"] {
        let score = |file| ["predict", "m", file, "--label", "y", "--part", part];
        for other in ["turned.csv", "longer.csv"] {
            let words = [other, "is not the table of the training", &format!("--part {part}"), "--part all"];
            place.fail(&score(other), 2, &words);
            place.fail(&["predict", "m", other, "--part", part], 2, &words);
        }
        let outcome = place.succeed(&score("train.csv"));
        assert_eq!(
            (&outcome.stdout, outcome.stderr.as_str()),
            (&place.succeed(&score("same.csv")).stdout, "")
        );
    }
    place.succeed(&["predict", "m", "turned.csv", "--label", "y", "--part", "all"]);
    // Tables that cannot be compared are used with a note.
    std::fs::copy(place.path().join("m/model.safetensors"), place.path().join("alone")).unwrap();
    place.file("features.csv", features(300));
    let expected = place.succeed(&["predict", "m", "train.csv", "--part", "test"]).stdout;
    for (model, file, words) in [
        ("m", "features.csv", "features.csv was not compared with the table of the training: "),
        ("alone", "train.csv", "alone does not record the table of its training"),
    ] {
        let outcome = place.succeed(&["predict", model, file, "--part", "test"]);
        assert!(outcome.stdout == expected && outcome.stderr.contains(words), "{}", outcome.stderr);
    }
    let (code, stdout, stderr) =
        run_with_input(&place, &["predict", "m", "-", "--part", "test"], text.as_bytes());
    assert!(code == Some(0) && stdout == expected && stderr.contains("read only once"), "{stderr}");
}

#[test]
fn separate_test_files_and_weights_leave_the_table_the_same() {
    let place = trained();
    let text = std::fs::read_to_string(place.path().join("train.csv")).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    place.file("test.csv", lines[..50].join("\n"));
    place.file("short.csv", lines[..200].join("\n"));
    let options = [
        "--label",
        "y",
        "--stop",
        "validation",
        "--width",
        "20",
        "--activation",
        "tanh",
        "--iterations",
        "10",
    ];
    place.succeed(&[&["train", "train.csv", "--test", "test.csv", "--out", "t"][..], &options].concat());
    let score = |run, file| ["predict", run, file, "--label", "y", "--part", "validation"];
    place.succeed(&score("t", "train.csv"));
    place.fail(&score("t", "short.csv"), 2, &["is not the table of the training"]);
    let weighted = |(i, line): (usize, &&str)| {
        format!("{line},{}", ["w", "1", "2", "0"][if i == 0 { 0 } else { 1 + i % 3 }])
    };
    place.file("weighted.csv", lines.iter().enumerate().map(weighted).collect::<Vec<_>>().join("\n"));
    place.succeed(&[&["train", "weighted.csv", "--weight", "w", "--out", "w"][..], &options].concat());
    let outcome = place.succeed(&score("w", "weighted.csv"));
    assert_eq!(outcome.stderr, "");
    let left_out = ["train", "train.csv", "--stop", "leave-one-out", "--out", "l"];
    place.succeed(&[&left_out[..], &options[..2], &options[4..]].concat());
    place.fail(&score("l", "train.csv"), 2, &["no validation rows", "--part train"]);
}

#[cfg(unix)]
#[test]
fn named_pipes_and_files_are_one_table() {
    let place = trained();
    place.file("first.csv", features(3));
    place.file("whole.csv", features(3) + &features(3)[6..]);
    let pipe = place.path().join("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let feeder = std::thread::spawn(move || std::fs::write(pipe, features(3)).unwrap());
    let both = place.succeed(&["predict", "m", "first.csv", "pipe"]).stdout;
    feeder.join().unwrap();
    assert_eq!(both, place.succeed(&["predict", "m", "whole.csv"]).stdout);
}

#[test]
fn what_a_pipe_cannot_be_is_refused() {
    let place = trained();
    let refused = |input: &[u8], words: &str| {
        let (code, stdout, stderr) = run_with_input(&place, &["predict", "m", "-"], input);
        assert!(code == Some(1) && stdout.is_empty() && stderr.contains(words), "{stdout}{stderr}");
    };
    refused(b"", "standard input: the file is empty");
    refused(b"c1,c2\n", "standard input: the file has a header but no rows");
    refused(b"c1,c\n1,2\n", "standard input: there is no column 'c2'; the columns are c1, c");
    refused(b"PAR1\x15\x04", "standard input: is not CSV, but a pipe must hold CSV or lines of JSON");
    refused(b"\x93NUMPY\x01\x00", "standard input: is not CSV");
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(features(5).as_bytes()).unwrap();
    let gzip = gzip.finish().unwrap();
    refused(&gzip[..15], "standard input, line 1: not a complete gzip file");
}

#[test]
fn rows_before_one_that_cannot_be_used_are_predicted() {
    let place = trained();
    let rows = 20_000;
    place.file("good.csv", features(rows));
    let good = place.succeed(&["predict", "m", "good.csv"]).stdout;
    let good: Vec<&str> = good.lines().collect();
    let check = |file: &str, bad: usize, words: &str| {
        let outcome = place.zonal(&["predict", "m", file, "--missing", "reject"]);
        assert_eq!(outcome.code, 1);
        assert!(outcome.stderr.contains(words), "{}", outcome.stderr);
        let printed: Vec<&str> = outcome.stdout.lines().collect();
        assert_eq!(printed, good[..=bad], "{file}");
    };
    for (bad, text) in [(9_000, "x,1"), (8_192, ","), (19_999, "1"), (12_345, "1e999,0")] {
        let mut lines: Vec<String> = (0..rows).map(line).collect();
        lines[bad] = format!("{text}\n");
        place.file("bad.csv", "c1,c2\n".to_owned() + &lines.concat());
        check("bad.csv", bad, &format!("bad.csv, line {}", bad + 2));
    }
    // A fault that the file's own reader does not look for.
    let mut header = format!("{{'descr': '<f8', 'fortran_order': False, 'shape': ({rows}, 2), }}");
    header += &" ".repeat(63 - (header.len() + 10) % 64);
    header.push('\n');
    let length = u16::try_from(header.len()).unwrap().to_le_bytes();
    let value = |i: usize| if i == 17_000 { [0.0, f64::NAN] } else { row(i) };
    let data: Vec<u8> = (0..rows).flat_map(value).flat_map(f64::to_le_bytes).collect();
    place.file("bad.npy", [b"\x93NUMPY\x01\x00", &length[..], header.as_bytes(), &data].concat());
    check("bad.npy", 17_000, "column 'c2': row 17000 (counted from 0) lacks a value");
}

#[test]
fn predicting_ends_well_where_nobody_reads() {
    let place = trained();
    place.file("t.csv", features(100_000));
    for format in ["table", "json"] {
        let mut child = start(&place, &["predict", "m", "t.csv", "--format", format]);
        drop(child.stdout.take());
        let output = child.wait_with_output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.code() == Some(0) && said.is_empty(), "{said}");
    }
}
