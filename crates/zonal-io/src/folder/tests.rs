//! Ownership of folders: files not written by zonal are never lost.

use super::*;

const A_RECORD: &str = r#"{"schema":1,"kind":"train","configuration":{},"provenance":{},"summary":{}}"#;

/// Writes a file that is recognised as written by zonal.
fn write_own(run: &Path, name: &str) {
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
    RunFolder::check_create(run, force, FolderKind::Training).unwrap_err().to_string()
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let mut names: Vec<String> =
        entries.map(|e| e.unwrap().file_name().to_string_lossy().into_owned()).collect();
    names.sort_unstable();
    names
}

#[test]
fn only_own_figures_are_removed() {
    let (place, run) = place();
    fs::create_dir_all(run.join(FIGURES)).unwrap();
    fs::write(run.join(RECORD), A_RECORD).unwrap();
    let own = [("loss.svg", FIGURE_MARKS[0]), ("truth-2.png", FIGURE_MARKS[1])];
    for (name, mark) in own {
        fs::write(run.join(FIGURES).join(name), [b"x", mark].concat()).unwrap();
    }
    fs::write(run.join(FIGURES).join("degrees.svg"), "mine").unwrap();
    RunFolder::create(&run, true, FolderKind::Training).unwrap();
    assert_eq!(names(&run.join(FIGURES)), ["degrees.svg"]);
    // Through a link nothing is removed.
    #[cfg(unix)]
    {
        let elsewhere = place.path().join("elsewhere");
        fs::rename(run.join(FIGURES), &elsewhere).unwrap();
        fs::write(elsewhere.join("loss.svg"), FIGURE_MARKS[0]).unwrap();
        std::os::unix::fs::symlink(&elsewhere, run.join(FIGURES)).unwrap();
        fs::write(run.join(RECORD), A_RECORD).unwrap();
        RunFolder::create(&run, true, FolderKind::Training).unwrap();
        assert!(elsewhere.join("loss.svg").exists());
    }
}

#[test]
fn foreign_files_with_names_of_run_files_are_not_replaced() {
    let others: [&[(&str, &str)]; 5] = [
        &[(RECORD, r#"{"name":"npm","scripts":{}}"#)],
        &[(RECORD, "not even JSON")],
        &[(RESUME, r#"{"basics":{"name":"a JSON resume"},"configuration":{}}"#)],
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
fn remains_of_a_killed_run_are_replaced_and_foreign_files_stay() {
    let (_place, run) = place();
    let begin = |force| RunFolder::create(&run, force, FolderKind::Training).unwrap();
    let begun = begin(false);
    write_own(&run, METRICS);
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
    folder.finish();
    drop(folder);
    assert_eq!(names(&run), [RECORD, TABLE, "thesis.tex"]);
    assert!(refused(&run, false).contains("is not empty"));
    // Killed while it made room for another one, at any file.
    for removed in 0..=FolderKind::Training.files().count() {
        fs::write(run.join(UNFINISHED), "training\n").unwrap();
        FolderKind::Training.files().for_each(|name| write_own(&run, name));
        FolderKind::Training.files().take(removed).for_each(|name| fs::remove_file(run.join(name)).unwrap());
        drop(begin(true));
        assert_eq!(names(&run), [UNFINISHED, TABLE, "thesis.tex"], "after {removed}");
    }
    // A sweep would write over it.
    let error = RunFolder::check_create(&run, true, FolderKind::Sweep).unwrap_err().to_string();
    assert!(error.contains("table.csv that the run in it did not write"), "{error}");
    write_own(&run, RECORD);
    for name in [PAGE, RESUME, MODEL, METRICS] {
        fs::write(run.join(name), "mine").unwrap();
        let error = refused(&run, true);
        assert!(error.contains(&format!("{name} that the run in it did not write")), "{error}");
        drop(RunFolder::open_finished(&run).unwrap());
        assert_eq!(fs::read_to_string(run.join(name)).unwrap(), "mine");
        fs::remove_file(run.join(name)).unwrap();
    }
    // Killed before anything had a name.
    let (_place, run) = place();
    fs::write(run.join(".zonal-x1"), "").unwrap();
    assert!(RunFolder::check_create(&run, true, FolderKind::Training).is_ok());
}

#[test]
fn nothing_is_removed_where_a_folder_is_in_the_way() {
    let (_place, run) = place();
    FolderKind::Training.files().filter(|name| *name != TEST_ROWS).for_each(|name| write_own(&run, name));
    fs::create_dir(run.join(TEST_ROWS)).unwrap();
    let before = names(&run);
    assert!(refused(&run, true).contains("a test_rows.csv that the run in it did not write"));
    assert!(RunFolder::create(&run, true, FolderKind::Training).is_err());
    assert_eq!(names(&run), before);
}

#[test]
fn inputs_of_a_run_are_not_removed() {
    let (place, run) = place();
    fs::write(run.join(RECORD), A_RECORD).unwrap();
    let spares = |file: &Path| RunFolder::check_inputs(&run, [file]);
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
fn a_folder_in_use_is_left_alone() {
    let place = tempfile::tempdir().unwrap();
    let path = place.path().join("run");
    let folder = RunFolder::create(&path, false, FolderKind::Record).unwrap();
    folder.write(RECORD, A_RECORD.as_bytes()).unwrap();
    let refused = |error: Error| assert!(error.to_string().contains("another program"), "{error}");
    refused(RunFolder::create(&path, true, FolderKind::Record).unwrap_err());
    refused(RunFolder::open_finished(&path).unwrap_err());
    refused(RunFolder::resume(&path, FolderKind::Training).unwrap_err());
    fs::create_dir(path.join(FIGURES)).unwrap();
    fs::write(path.join(".zonal-x1"), "half").unwrap();
    fs::write(path.join(FIGURES).join(".zonal-x2"), "half").unwrap();
    drop(folder);
    drop(RunFolder::open_finished(&path).unwrap());
    assert_eq!((names(&path), names(&path.join(FIGURES)).len()), (vec![FIGURES.into(), RECORD.into()], 0));
}

#[test]
fn a_failed_write_keeps_the_files_to_resume_a_training() {
    let place = tempfile::tempdir().unwrap();
    let begun = |name: &str, files: &[&str]| {
        let folder = RunFolder::create(&place.path().join(name), false, FolderKind::Training).unwrap();
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
fn a_run_finished_by_another_program_is_not_resumed_or_replaced() {
    let (_place, run) = place();
    fs::write(run.join(RECORD), A_RECORD).unwrap();
    let error = RunFolder::resume(&run, FolderKind::Training).unwrap_err().to_string();
    assert!(error.contains("finished run"), "{error}");
    assert!(RunFolder::create(&run, false, FolderKind::Training).is_err());
    // Neither are foreign files.
    fs::remove_file(run.join(RECORD)).unwrap();
    for (name, text) in [(SWEEP, "method = 'grid'"), (CELLS, "{\"only\":"), (".zonal-mine", "x")] {
        fs::write(run.join(name), text).unwrap();
    }
    assert!(RunFolder::resume(&run, FolderKind::Sweep).is_err());
    assert_eq!(names(&run), [".zonal-mine", CELLS, SWEEP]);
}

#[cfg(unix)]
#[test]
fn folders_that_cannot_be_created_are_refused_in_advance() {
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
        let error = RunFolder::check_create(&path, false, FolderKind::Record).unwrap_err().to_string();
        assert!(error.contains(why), "{error}");
        assert!(RunFolder::check_parent(&path).is_err(), "{}", path.display());
    }
}
