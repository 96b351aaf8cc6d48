//! Tables as people have them: text, dates, missing values, decimal commas, few rows and rows that repeat.

use crate::common::Place;
use crate::predict::run_with_input;
use crate::tables::{csv, trained, values};

/// Rows with a column of text and a number that is sometimes missing; missing ones have another mean of the label.
fn mixed(rows: usize, levels: &[&str]) -> String {
    let line = |i: usize| {
        let colour = levels[(i * 7 + i / 5) % levels.len()];
        let a = (0.37 * i as f64).sin();
        let age = if i % 9 == 4 { String::new() } else { format!("{}", 30.0 + 10.0 * a) };
        let shift = match colour {
            "red" => 2.0,
            "blue" => -1.0,
            _ => 0.5,
        };
        let label = if i % 9 == 4 { shift + 3.0 } else { shift + a };
        format!("{colour},{age},person {i},{label}\n")
    };
    ["colour,age,name,y\n".to_owned()].into_iter().chain((0..rows).map(line)).collect()
}

#[test]
fn text_and_missing_values_train_with_no_option_and_are_predicted_alike() {
    let place = Place::new();
    place.file("t.csv", mixed(600, &["red", "blue", "dark green"]));
    let options = ["t.csv", "--label", "y", "--width", "60", "--folds", "3", "--out", "m"];
    let out = place.succeed(&[&["train"], &options[..]].concat());
    for words in [
        "column 'colour': text with 3 levels, a column each",
        "values (11",
        "are missing: the mean 29.99 is used, and a column marks them",
        "column 'name': text with 490 different values in 490 rows: not used",
        "different values",
        "not used",
    ] {
        assert!(out.stderr.contains(words), "{words}: {}", out.stderr);
    }
    let record = std::fs::read_to_string(place.path().join("m/run.json")).unwrap();
    let record: serde_json::Value = serde_json::from_str(&record).unwrap();
    let summary = &record["summary"];
    let test = summary["test_rmse"].as_f64().unwrap();
    assert!(test < 0.05, "{test}");
    let columns: Vec<&str> = summary["encoded_columns"]
        .as_array()
        .unwrap()
        .iter()
        .map(|c| c["column"].as_str().unwrap())
        .collect();
    assert_eq!(columns, ["colour", "age", "name"]);
    let features: Vec<&str> =
        summary["importances"].as_array().unwrap().iter().map(|i| i["feature"].as_str().unwrap()).collect();
    for feature in ["colour=red", "colour=dark green", "age", "age is missing"] {
        assert!(features.contains(&feature), "{features:?}");
    }
    // The error of the report is that of predictions from the file, and a repetition is identical.
    let scored =
        place.succeed(&["predict", "m", "t.csv", "--label", "y", "--part", "test", "--format", "json"]);
    assert_eq!(scored.json()["rmse"].as_f64().unwrap(), test);
    place.succeed(&["train", "--again", "m", "--out", "none"]);
    // Columns may be in another order, and levels unknown.
    place.file("new.csv", "name,age,colour\nx,,red\ny,30,red\nz,30,mauve\nu,30,\n");
    let predicted = place.succeed(&["predict", "m", "new.csv"]).stdout;
    let values: Vec<f64> =
        predicted.lines().skip(1).map(|l| l.rsplit(',').next().unwrap().parse().unwrap()).collect();
    assert!((values[0] - 5.0).abs() < 0.2 && (values[1] - 2.0).abs() < 0.2, "{values:?}");
    // An unknown level and none are alike: the training rows lack no colour.
    assert_eq!(values[2], values[3]);
    let found = place.succeed(&["analyze", "t.csv", "--label", "y"]).stdout;
    assert!(found.contains("colour"), "{found}");
}

#[test]
fn rows_without_a_label_are_left_out_and_dropped_rows_are_not_marked() {
    let place = Place::new();
    let text = mixed(300, &["red", "blue"]);
    let without = |i: usize, line: &str| match line.rsplit_once(',') {
        Some((rest, _)) if i % 10 == 7 => format!("{rest},\n"),
        _ => format!("{line}\n"),
    };
    place.file("t.csv", text.lines().enumerate().map(|(i, line)| without(i, line)).collect::<String>());
    let options =
        ["t.csv", "--label", "y", "--width", "20", "--folds", "2", "--out", "m", "--format", "json"];
    let out = place.succeed(&[&["train"], &options[..]].concat());
    assert_eq!(out.json()["rows"]["dropped"], 30);
    let scored = place.succeed(&["predict", "m", "t.csv", "--label", "y", "--format", "json"]);
    assert_eq!(scored.json()["rows"], 270);
    assert_eq!(place.succeed(&["predict", "m", "t.csv"]).stdout.lines().count(), 301);
    let out = place.succeed(&[&["train"], &options[..], &["--missing", "drop", "--force"]].concat());
    assert!(!out.stderr.contains("are missing"), "{}", out.stderr);
    assert!(!out.stdout.contains("age is missing"), "{}", out.stdout);
}

#[test]
fn levels_are_counted_and_numbers_can_be_levels() {
    let place = Place::new();
    // 100 levels, of which some are rare; a code that looks like a number.
    let line = |i: usize| {
        let level = if i.is_multiple_of(3) { i % 100 } else { i % 10 };
        format!("L{level},{},{}\n", 1 + i % 4, if i % 4 == 2 { 5.0 } else { level as f64 / 100.0 })
    };
    let text: String = (0..2_000).map(line).collect();
    place.file("t.csv", format!("level,code,y\n{text}"));
    let options =
        ["t.csv", "--label", "y", "--width", "40", "--folds", "2", "--out", "m", "--format", "json"];
    let train = |more: &[&str]| place.succeed(&[&["train"], &options[..], more].concat());
    let out = train(&[]);
    let words =
        "text with 100 levels: a column each for the 31 most frequent ones, and 32 for the others, by a hash";
    assert!(out.stderr.contains(words), "{}", out.stderr);
    assert!(!out.stderr.contains("code"), "{}", out.stderr);
    let out = train(&["--categorical", "code", "--force"]);
    assert!(out.stderr.contains("column 'code': text with 4 levels"), "{}", out.stderr);
    place.file("new.csv", "level,code\nL3,2\nL3,2.0\nL3,1\n");
    let predicted = place.succeed(&["predict", "m", "new.csv"]).stdout;
    let lines: Vec<&str> = predicted.lines().map(|l| l.rsplit(',').next().unwrap()).collect();
    assert_eq!(lines[1], lines[2]);
    place.fail(
        &["train", "t.csv", "--label", "y", "--categorical", "y", "--out", "none"],
        1,
        &["no feature 'y'", "--categorical"],
    );
}

#[test]
fn missing_values_that_the_training_rows_did_not_have_are_filled_and_noted() {
    let place = Place::new();
    place.file("t.csv", csv(&values(300)));
    let options = ["--label", "y", "--features", "a,b,c", "--out", "m"];
    trained(&place, &[&["t.csv"][..], &options].concat());
    place.file("new.csv", "a,b,c\n0.1,,0.2\n0.1,0.3,0.2\n");
    let out = place.succeed(&["predict", "m", "new.csv"]);
    assert_eq!(out.stdout.lines().count(), 3);
    assert!(
        out.stderr.contains("1 missing values are in columns in which the training rows had none"),
        "{}",
        out.stderr
    );
    assert_eq!(place.succeed(&["predict", "m", "new.csv", "--missing", "drop"]).stdout.lines().count(), 2);
    place.fail(&["predict", "m", "new.csv", "--missing", "reject"], 1, &["the value is missing"]);
}

#[test]
fn levels_that_the_training_rows_did_not_have_are_noted() {
    let place = Place::new();
    let line = |i: usize| format!("{},{},{}\n", i % 7, ["red", "blue"][i % 2], (i % 7) * (i % 2));
    place.file("t.csv", format!("a,colour,y\n{}", (0..80).map(line).collect::<String>()));
    trained(&place, &["t.csv", "--label", "y", "--out", "m"]);
    place.file("new.csv", "a,colour,y\n1,red,1\n1,green,\n1,,\n");
    let notes = place.succeed(&["predict", "m", "new.csv"]).stderr;
    assert!(notes.contains("1 values of text differ from all those of the training rows"), "{notes}");
    assert!(notes.contains("1 missing values are in columns"), "{notes}");
    place.file("none.csv", "a,colour,y\n1,red,\n");
    place.fail(
        &["predict", "m", "none.csv", "--label", "y"],
        1,
        &["none.csv: none of the rows can be used", "without a label"],
    );
    place.fail(
        &["train", "t.csv", "--label", "y", "--validation", "none.csv", "--out", "none"],
        1,
        &["none.csv: none of the rows can be used", "no label"],
    );
}

#[test]
fn semicolons_and_decimal_commas_are_recognised() {
    use std::io::Write;
    let place = Place::new();
    let points = csv(&values(300));
    let commas = points.replace(',', ";").replace('.', ",");
    place.file("points.csv", &points);
    place.file("commas.csv", &commas);
    place.file("tabs.txt", commas.replace(';', "\t"));
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(commas.as_bytes()).unwrap();
    place.file("commas.csv.gz", gzip.finish().unwrap());
    let train = |file: &str, more: &[&str]| {
        let out = place.path().join("m");
        let _ = std::fs::remove_dir_all(&out);
        trained(&place, &[&[file, "--label", "y", "--features", "a,b,c", "--out", "m"], more].concat())
    };
    let expected = train("points.csv", &[]);
    for file in ["commas.csv", "tabs.txt", "commas.csv.gz"] {
        assert_eq!(train(file, &[]), expected, "{file}");
    }
    assert_eq!(train("commas.csv", &["--delimiter", ";", "--decimal", "comma"]), expected);
    place.succeed(&["train", "--again", "m", "--out", "none"]);
    let predicted = |file: &str| place.succeed(&["predict", "m", file]).stdout;
    assert_eq!(predicted("commas.csv"), predicted("points.csv"));
    let analyzed = |file: &str| place.succeed(&["analyze", file, "--label", "y"]).stdout;
    assert_eq!(analyzed("commas.csv"), analyzed("points.csv"));
    // Quoted decimals between commas are recognised too.
    let quoted = |field: &str| {
        if field.contains('.') { format!("\"{}\"", field.replace('.', ",")) } else { field.into() }
    };
    let line = |line: &str| line.split(',').map(quoted).collect::<Vec<String>>().join(",") + "\n";
    place.file("quoted.csv", points.lines().map(line).collect::<String>());
    assert_eq!(train("quoted.csv", &[]), expected);
    place.file("thousands.csv", "a;b;c\n-1.234,25;0;0,5\n");
    place.file("plain.csv", "a,b,c\n-1234.25,0,0.5\n");
    assert_eq!(predicted("thousands.csv"), predicted("plain.csv"));
}

#[test]
fn rows_that_repeat_and_few_rows_are_noted() {
    let place = Place::new();
    // Every row twice, with a label that is noise: the copy of a test row is in the training rows.
    let line = |i: usize| {
        let x = ((i / 2) as f64 * 0.7).sin();
        let noise = ((i / 2 * 7919) % 1009) as f64 / 1009.0;
        format!("{x},{noise}\n")
    };
    place.file("twice.csv", "a,y\n".to_owned() + &(0..400).map(line).collect::<String>());
    let train =
        |file: &str| place.succeed(&["train", file, "--label", "y", "--width", "20", "--out", "none"]).stderr;
    let said = train("twice.csv");
    assert!(said.contains("repeat the features of another row"), "{said}");
    place.file(
        "few.csv",
        "a,y\n".to_owned() + &(0..40).map(|i| format!("{i},{}\n", i * i % 7)).collect::<String>(),
    );
    let said = train("few.csv");
    assert!(said.contains("only 40 rows") && said.contains("test rows determine"), "{said}");
    place.file("t.csv", csv(&values(300)));
    let said = train("t.csv");
    assert!(!said.contains("repeat") && !said.contains("only"), "{said}");
}

#[test]
fn dates_become_days_months_and_weekdays() {
    let place = Place::new();
    // The label depends on the day of the week and rises slowly.
    let line = |i: usize| {
        let (month, day) = (1 + i / 28 % 12, 1 + i % 28);
        format!("{}-{month:02}-{day:02},{}\n", 2015 + i / 336, (i % 7) as f64 * 0.2 + i as f64 / 900.0)
    };
    place.file("t.csv", "when,y\n".to_owned() + &(0..900).map(line).collect::<String>());
    let options =
        ["t.csv", "--label", "y", "--width", "40", "--folds", "2", "--out", "m", "--format", "json"];
    let out = place.succeed(&[&["train"], &options[..]].concat());
    assert!(
        out.stderr.contains("column 'when': dates: columns for the days since 1970, month"),
        "{}",
        out.stderr
    );
    let features: Vec<String> =
        out.json()["importances"].as_array().unwrap().iter().map(|i| i["feature"].to_string()).collect();
    assert!(features.iter().any(|name| name.contains("when weekday")), "{features:?}");
    place.file("new.csv", "when\n2016-05-03\n2016/05/03\n2016-05-03T00:00:00Z\n");
    let predicted = place.succeed(&["predict", "m", "new.csv"]).stdout;
    let values: Vec<&str> = predicted.lines().skip(1).map(|l| l.rsplit(',').next().unwrap()).collect();
    assert!(values.len() == 3 && values.iter().all(|v| *v == values[0]), "{predicted}");
    place.file("odd.csv", "when\nlast week\n2016-05-03\n");
    place.fail(
        &["predict", "m", "odd.csv"],
        1,
        &["odd.csv, line 2, column 'when'", "found 'last week'", "a date such as"],
    );
    // A text among dates is a mistake, and does not make levels of them.
    let rows: String = (0..60).map(|i| format!("2024-01-{:02},{i}\n", 1 + i % 31)).collect();
    place.file("mixed.csv", format!("when,y\n{rows}soon,1\nlater,2\nsoon,3\nsoon,4\nsoon,5\n"));
    let words = ["column 'when': found '", "a date such as 2024-01-31 is needed, as in", "--categorical"];
    place.fail(&["train", "mixed.csv", "--label", "y", "--test-fraction", "0", "--out", "none"], 1, &words);
    // Dates that are not written as 2024-01-31 are told.
    let rows: String = (0..60).map(|i| format!("2024-1x-31,{i}\n")).collect();
    place.file("dated.csv", format!("when,y\n{rows}"));
    let words = "column 'when': found '2024-1x-31', but a number is needed; convert dates to numbers first";
    place.fail(&["train", "dated.csv", "--label", "y"], 1, &[words]);
}

/// The text of a table as lines of JSON.
fn json_lines(table: &str) -> String {
    let names: Vec<&str> = table.lines().next().unwrap().split(',').collect();
    let value = |(name, value): (&&str, &str)| match value.parse::<f64>() {
        _ if value.is_empty() => None,
        Ok(_) => Some(format!("\"{name}\": {value}")),
        Err(_) => Some(format!("\"{name}\": \"{value}\"")),
    };
    let line = |line: &str| {
        format!(
            "{{{}}}\n",
            names.iter().zip(line.split(',')).filter_map(value).collect::<Vec<_>>().join(", ")
        )
    };
    table.lines().skip(1).map(line).collect()
}

#[test]
fn one_table_in_several_encodings_is_one_training() {
    let place = Place::new();
    let table = mixed(300, &["rot", "gr\u{fc}n", "bl\u{e4}ulich"]);
    let wide = |text: &str| -> Vec<u8> {
        format!("\u{feff}{text}").encode_utf16().flat_map(u16::to_le_bytes).collect()
    };
    let latin: Vec<u8> = table.chars().map(|c| c as u32 as u8).collect();
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    std::io::Write::write_all(&mut gzip, json_lines(&table).as_bytes()).unwrap();
    let train = |name: &str, bytes: &[u8]| {
        place.file(name, bytes);
        let options = ["--label", "y", "--width", "20", "--folds", "2", "--out", "m", "--force"];
        let out = place.succeed(&[&["train", name, "--format", "json"], &options[..]].concat());
        let predicted = place.succeed(&["predict", "m", name]).stdout;
        (out.json()["test_rmse"].clone(), predicted)
    };
    let expected = train("t.csv", table.as_bytes());
    for (name, bytes) in [
        ("bom.csv", format!("\u{feff}{table}").into_bytes()),
        ("wide.csv", wide(&table)),
        ("wide.tsv", wide(&table.replace(',', "\t"))),
        ("latin.csv", latin),
        ("t.csv.zst", zstd::encode_all(table.as_bytes(), 0).unwrap()),
        ("t.jsonl", json_lines(&table).into_bytes()),
        ("t.ndjson.gz", gzip.finish().unwrap()),
        ("excel.csv", format!("sep=;\r\n{}", table.replace(',', ";").replace('\n', "\r\n")).into_bytes()),
        ("comments.csv", format!("# from, by\n{table}# the end\n").into_bytes()),
    ] {
        assert_eq!(train(name, &bytes), expected, "{name}");
    }
    place.file("array.json", format!("[{}]", json_lines(&table).trim().replace('\n', ",")));
    place.fail(
        &["train", "array.json", "--label", "y"],
        1,
        &["each line must hold one object", "jq -c '.[]'"],
    );
    // Line by line, as a server would ask.
    let (code, stdout, stderr) =
        run_with_input(&place, &["predict", "m", "-"], json_lines(&table).as_bytes());
    assert!(code == Some(0) && stdout == expected.1, "{stderr}");
}

#[test]
fn columns_that_are_probably_no_features_are_noted() {
    let place = Place::new();
    let line = |i: usize| {
        let (a, y) = ((0.37 * i as f64).sin(), (1.7 * i as f64).cos());
        let whole = 9_007_199_254_740_993u64 + 1_000_003 * (i as u64 * 37 % 211);
        format!("{},{a},{},{whole},{},{},{y}\n", 1_000 + i, 3.0 - 2.0 * a, (0.5 * y).exp(), ["u", "v"][i % 2])
    };
    let table =
        |rows: usize| "id,a,b,key,leak,side,y\n".to_owned() + &(0..rows).map(line).collect::<String>();
    place.file("t.csv", table(200));
    let said = place.succeed(&["train", "t.csv", "--label", "y", "--width", "20", "--out", "none"]).stderr;
    for note in [
        "columns with whole numbers beyond 2^53, of which f64 holds only some: 'key'; leave out identifiers with --exclude",
        "columns that number the rows, with another whole number in each: 'id'; leave them out with --exclude",
        "columns that alone determine the label 'y', but for less than 0.1 % of its variance: 'leak'; if they follow from",
        "columns are copies of others, up to a factor and a constant: 'b' of 'a'; they tell nothing new",
    ] {
        assert!(said.contains(note), "{note}: {said}");
    }
    let quiet =
        ["train", "t.csv", "--label", "y", "--width", "20", "--out", "none", "--exclude", "id,key,leak,b"];
    let said = place.succeed(&quiet).stderr;
    assert!(!said.contains("columns "), "{said}");
}

#[test]
fn a_constant_label_is_learned_and_noted() {
    let place = Place::new();
    let rows: String = (0..90).map(|i| format!("{},{},14.62\n", i % 7, i * i % 11)).collect();
    place.file("t.csv", format!("a,b,y\n{rows}"));
    for hidden in
        [&["--hidden", "grown"][..], &["--hidden", "drawn"], &["--layers", "both", "--iterations", "50"]]
    {
        let options = ["train", "t.csv", "--label", "y", "--width", "20", "--out", "m", "--force"];
        let out = place.succeed(&[&options, hidden].concat());
        let note = "the label 'y' has the same value 14.62 in all";
        assert!(out.stderr.contains(note) && !out.stderr.contains("determine"), "{}", out.stderr);
        assert!(!out.stdout.contains("NaN"), "{}", out.stdout);
        let is_grown = hidden.contains(&"grown");
        assert_eq!(
            out.stdout.contains("moves with no feature: it is a constant"),
            is_grown,
            "{}",
            out.stdout
        );
        let predicted = place.succeed(&["predict", "m", "t.csv"]).stdout;
        assert!(predicted.lines().skip(1).all(|line| line.ends_with(",14.62")), "{predicted}");
        place.succeed(&["report", "m"]);
        let page = std::fs::read_to_string(place.path().join("m/report.html")).unwrap();
        assert!(!page.contains("NaN"));
    }
    place.fail(&["analyze", "t.csv", "--label", "y"], 1, &["the label 'y' has the same value 14.62"]);
    place.fail(
        &["train", "t.csv", "--label", "y", "--task", "classify"],
        1,
        &["the label is '14.62' in all rows"],
    );
}

#[test]
fn whole_numbers_that_are_rounded_name_nothing() {
    let place = Place::new();
    let line = |i: usize| {
        format!("{},{},{}\n", (1u64 << 60) + i as u64 % 3, (0.37 * i as f64).sin(), [5.0, 1.0, 9.0][i % 3])
    };
    place.file("t.csv", "k,a,y\n".to_owned() + &(0..90).map(line).collect::<String>());
    let fails = |more: &[&str], words: &str| {
        place.fail(&[&["train", "t.csv", "--out", "none"], more].concat(), 1, &["column 'k'", "2^53", words]);
    };
    fails(&["--label", "y", "--categorical", "k"], "do not tell levels apart");
    fails(&["--label", "y", "--groups", "k"], "do not tell groups apart");
    fails(&["--label", "k", "--task", "classify"], "do not tell classes apart");
    let said = place.succeed(&["train", "t.csv", "--label", "k", "--width", "20", "--out", "none"]).stderr;
    assert!(said.contains("whole numbers beyond 2^53, of which f64 holds only some: 'k'"), "{said}");
}

#[test]
fn keys_whose_values_are_nested_are_no_columns() {
    let place = Place::new();
    let line = |i: usize| format!("{{\"a\": {i}, \"b\": {{\"c\": [{i}]}}, \"y\": {}}}\n", i * i % 7);
    let text: String = (0..60).map(line).collect();
    place.file("t.jsonl", &text);
    let train = ["train", "t.jsonl", "--label", "y", "--width", "10", "--out", "m", "--format", "json"];
    let report = place.succeed(&train).json();
    assert_eq!(report["importances"].as_array().unwrap().len(), 1);
    place.file("bad.jsonl", text + "{\"a\": [1], \"y\": 2}\n");
    place.fail(
        &["train", "bad.jsonl", "--label", "y"],
        1,
        &["line 61: the value of 'a' is an object or a list"],
    );
}
