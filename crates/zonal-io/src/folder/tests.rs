//! Whose a folder is, and that nothing of others is lost.

use super::*;

const A_RECORD: &str = r#"{"schema":1,"kind":"train","configuration":{},"provenance":{},"summary":{}}"#;

/// Files as runs write them, as far as that tells whose they are.
fn write_ours(run: &Path, name: &str) {
    let text: &[u8] = match name {
        RECORD => A_RECORD.as_bytes(),
        PAGE => PAGE_MARK,
        METRICS => b"{\"schema\":1}",
        _ => b"{\"checksum\":\"siphash-1-3:",
    };
    fs::write(run.join(name), text).unwrap();
}

fn place() -> (tempfile::TempDir, PathBuf) {
    let place = tempfile::tempdir().unwrap();
    let run = place.path().join("run");
    fs::create_dir(&run).unwrap();
    (place, run)
}

fn refused(run: &Path, force: bool) -> String {
    RunFolder::check_named(run, force, Kind::Training).unwrap_err().to_string()
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let mut names: Vec<String> =
        entries.map(|e| e.unwrap().file_name().to_string_lossy().into_owned()).collect();
    names.sort_unstable();
    names
}

#[test]
fn only_figures_of_ours_are_removed() {
    let (place, run) = place();
    fs::create_dir_all(run.join(FIGURES)).unwrap();
    fs::write(run.join(RECORD), A_RECORD).unwrap();
    let ours = [("loss.svg", FIGURE_MARKS[0]), ("truth-2.png", FIGURE_MARKS[1])];
    for (name, mark) in ours {
        fs::write(run.join(FIGURES).join(name), [b"x", mark].concat()).unwrap();
    }
    fs::write(run.join(FIGURES).join("degrees.svg"), "mine").unwrap();
    RunFolder::named(&run, true, Kind::Training).unwrap();
    assert_eq!(names(&run.join(FIGURES)), ["degrees.svg"]);
    // Through a link nothing is removed.
    #[cfg(unix)]
    {
        let elsewhere = place.path().join("elsewhere");
        fs::rename(run.join(FIGURES), &elsewhere).unwrap();
        fs::write(elsewhere.join("loss.svg"), FIGURE_MARKS[0]).unwrap();
        std::os::unix::fs::symlink(&elsewhere, run.join(FIGURES)).unwrap();
        fs::write(run.join(RECORD), A_RECORD).unwrap();
        RunFolder::named(&run, true, Kind::Training).unwrap();
        assert!(elsewhere.join("loss.svg").exists());
    }
}

#[test]
fn files_that_are_only_named_like_ours_are_nobodys_to_replace() {
    let others: [&[(&str, &str)]; 5] = [
        &[(RECORD, r#"{"name":"npm","scripts":{}}"#)],
        &[(RECORD, "not even JSON")],
        &[(RESUME, r#"{"basics":{"name":"a curriculum vitae"},"configuration":{}}"#)],
        &[(METRICS, "{\"loss\":1}\n"), (MODEL, "of another program")],
        &[(SWEEP, "method = \"grid\""), (CELLS, "{}"), (TABLE, "a,b\n")],
    ];
    for files in others {
        let (_place, run) = place();
        files.iter().for_each(|(name, text)| fs::write(run.join(name), text).unwrap());
        assert!(refused(&run, true).contains("not created by zonal"), "{files:?}");
        files.iter().for_each(|(name, text)| assert_eq!(fs::read_to_string(run.join(name)).unwrap(), *text));
    }
}

#[test]
fn what_a_killed_run_left_can_be_replaced_and_what_others_put_there_stays() {
    let (_place, run) = place();
    let begin = |force| RunFolder::named(&run, force, Kind::Training).unwrap();
    let begun = begin(false);
    write_ours(&run, METRICS);
    fs::write(run.join(".zonal-x1"), "half").unwrap();
    fs::write(run.join("thesis.tex"), "mine").unwrap();
    fs::write(run.join(TABLE), "mine too: no training writes it").unwrap();
    // Killed here.
    drop(begun);
    assert!(refused(&run, false).contains("the remains of an interrupted run"));
    drop(begin(true));
    assert_eq!(names(&run), [UNFINISHED, TABLE, "thesis.tex"]);
    let folder = begin(true);
    folder.write(RECORD, A_RECORD.as_bytes()).unwrap();
    folder.finished();
    drop(folder);
    assert_eq!(names(&run), [RECORD, TABLE, "thesis.tex"]);
    assert!(refused(&run, false).contains("is not empty"));
    // Killed while it made room for another one, at any file.
    for removed in 0..=Kind::Training.files().count() {
        fs::write(run.join(UNFINISHED), "training\n").unwrap();
        Kind::Training.files().for_each(|name| write_ours(&run, name));
        Kind::Training.files().take(removed).for_each(|name| fs::remove_file(run.join(name)).unwrap());
        drop(begin(true));
        assert_eq!(names(&run), [UNFINISHED, TABLE, "thesis.tex"], "after {removed}");
    }
    // A sweep would write over it.
    let said = RunFolder::check_named(&run, true, Kind::Sweep).unwrap_err().to_string();
    assert!(said.contains("table.csv that the run in it has not written"), "{said}");
    write_ours(&run, RECORD);
    for name in [PAGE, RESUME, MODEL, METRICS] {
        fs::write(run.join(name), "mine").unwrap();
        let said = refused(&run, true);
        assert!(said.contains(&format!("{name} that the run in it has not written")), "{said}");
        drop(RunFolder::finished_run(&run).unwrap());
        assert_eq!(fs::read_to_string(run.join(name)).unwrap(), "mine");
        fs::remove_file(run.join(name)).unwrap();
    }
    // Killed before anything had a name.
    let (_place, run) = place();
    fs::write(run.join(".zonal-x1"), "").unwrap();
    assert!(RunFolder::check_named(&run, true, Kind::Training).is_ok());
}

#[test]
fn nothing_is_removed_where_a_folder_is_in_the_way() {
    let (_place, run) = place();
    Kind::Training.files().filter(|name| *name != TEST_ROWS).for_each(|name| write_ours(&run, name));
    fs::create_dir(run.join(TEST_ROWS)).unwrap();
    let before = names(&run);
    assert!(refused(&run, true).contains("a test_rows.csv that the run in it has not written"));
    assert!(RunFolder::named(&run, true, Kind::Training).is_err());
    assert_eq!(names(&run), before);
}

#[test]
fn what_a_run_reads_is_not_removed_for_it() {
    let (place, run) = place();
    fs::write(run.join(RECORD), A_RECORD).unwrap();
    let spares = |file: &Path| RunFolder::check_spares(&run, [file]);
    for (name, stays) in [(TEST_ROWS, false), (METRICS_CSV, false), (TABLE, true), ("rows.csv", true)] {
        let file = run.join(name);
        fs::write(&file, "a,y\n").unwrap();
        assert_eq!(spares(&file).is_ok(), stays, "{name}");
    }
    assert!(spares(&place.path().join("nowhere.csv")).is_ok());
    #[cfg(unix)]
    {
        let link = place.path().join("link.csv");
        std::os::unix::fs::symlink(run.join(TEST_ROWS), &link).unwrap();
        assert!(spares(&link).unwrap_err().to_string().contains("copy it elsewhere"));
        let real = place.path().join("real.csv");
        fs::write(&real, "a,y\n").unwrap();
        fs::remove_file(run.join(TEST_ROWS)).unwrap();
        std::os::unix::fs::symlink(&real, run.join(TEST_ROWS)).unwrap();
        assert!(spares(&run.join(TEST_ROWS)).is_err());
    }
}

#[test]
fn a_folder_that_is_being_written_is_left_alone() {
    let place = tempfile::tempdir().unwrap();
    let path = place.path().join("run");
    let folder = RunFolder::named(&path, false, Kind::Record).unwrap();
    folder.write(RECORD, A_RECORD.as_bytes()).unwrap();
    let refused = |error: Error| assert!(error.to_string().contains("another program"), "{error}");
    refused(RunFolder::named(&path, true, Kind::Record).unwrap_err());
    refused(RunFolder::finished_run(&path).unwrap_err());
    refused(RunFolder::begun(&path, Kind::Training).unwrap_err());
    fs::create_dir(path.join(FIGURES)).unwrap();
    fs::write(path.join(".zonal-x1"), "half").unwrap();
    fs::write(path.join(FIGURES).join(".zonal-x2"), "half").unwrap();
    drop(folder);
    drop(RunFolder::finished_run(&path).unwrap());
    assert_eq!((names(&path), names(&path.join(FIGURES)).len()), (vec![FIGURES.into(), RECORD.into()], 0));
}

#[test]
fn a_failed_write_leaves_what_a_training_needs_to_go_on() {
    let place = tempfile::tempdir().unwrap();
    let begun = |name: &str, files: &[&str]| {
        let folder = RunFolder::named(&place.path().join(name), false, Kind::Training).unwrap();
        files.iter().for_each(|file| folder.write(file, b"x").unwrap());
        let path = folder.path().to_owned();
        folder.abandon();
        path
    };
    let path = begun("long", &[RESUME, STATISTICS, MONOMIALS, METRICS]);
    for name in [RESUME, STATISTICS, MONOMIALS] {
        assert!(path.join(name).is_file(), "{name}");
    }
    let path = begun("moving", &[RESUME, DESCENT, METRICS]);
    assert!(path.join(RESUME).is_file() && path.join(DESCENT).is_file());
    assert!(!path.join(METRICS).exists());
    assert!(!begun("short", &[METRICS, MODEL]).exists());
}

#[test]
fn what_was_finished_meanwhile_is_not_taken_up_or_replaced() {
    let (_place, run) = place();
    fs::write(run.join(RECORD), A_RECORD).unwrap();
    let said = RunFolder::begun(&run, Kind::Training).unwrap_err().to_string();
    assert!(said.contains("finished run"), "{said}");
    assert!(RunFolder::named(&run, false, Kind::Training).is_err());
    // Nor what is somebody else's.
    fs::remove_file(run.join(RECORD)).unwrap();
    for (name, text) in [(SWEEP, "method = 'grid'"), (CELLS, "{\"only\":"), (".zonal-mine", "x")] {
        fs::write(run.join(name), text).unwrap();
    }
    assert!(RunFolder::begun(&run, Kind::Sweep).is_err());
    assert_eq!(names(&run), [".zonal-mine", CELLS, SWEEP]);
}

#[cfg(unix)]
#[test]
fn folders_that_cannot_be_made_are_found_before_the_work() {
    let (place, run) = place();
    let (link, file) = (place.path().join("link"), place.path().join("file"));
    std::os::unix::fs::symlink("nowhere", &link).unwrap();
    fs::write(&file, "").unwrap();
    let long = run.join("x".repeat(300));
    for (path, why) in [
        (link.clone(), "broken link"),
        (link.join("run"), "broken link"),
        (file.join("run"), "opening the folder"),
        (file, "is a file"),
        (long, "opening the folder"),
    ] {
        let said = RunFolder::check_named(&path, false, Kind::Record).unwrap_err().to_string();
        assert!(said.contains(why), "{said}");
        assert!(RunFolder::check_parent(&path).is_err(), "{}", path.display());
    }
}
