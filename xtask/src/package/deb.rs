//! The package for Debian and what descends from it.

use super::{Build, GLIBC, VERSION};
use crate::{root, run};
use anyhow::{Context, Result};
use std::path::Path;
use std::process::Command;

/// Writes the package of the program. The only library that it needs is the C library.
pub(super) fn deb(build: &Build) -> Result<()> {
    let folder = build.parts("deb")?;
    build.installed(&folder.join("usr"))?;
    let documents = folder.join("usr/share/doc/zonal");
    std::fs::write(documents.join("copyright"), copyright()?)?;
    for name in ["LICENSE-MIT", "LICENSE-APACHE"] {
        std::fs::remove_file(documents.join(name))?;
    }
    std::fs::rename(documents.join("CHANGELOG.md"), documents.join("changelog"))?;
    compress(&documents, "changelog")?;
    let manual = folder.join("usr/share/man/man1");
    for entry in std::fs::read_dir(&manual)? {
        compress(&manual, &entry?.file_name().to_string_lossy())?;
    }
    let control = folder.join("DEBIAN");
    std::fs::create_dir(&control)?;
    std::fs::write(control.join("control"), fields())?;
    run("file modes", Command::new("chmod").args(["--recursive", "go=rX,u+w"]).arg(&folder))?;
    let mut dpkg = Command::new("dpkg-deb");
    dpkg.args(["--root-owner-group", "-Zxz", "--build"]).arg(&folder);
    let file = build.out.join(format!("zonal_{VERSION}_amd64.deb"));
    run("deb", dpkg.arg(file).env("SOURCE_DATE_EPOCH", &build.epoch))
}

/// Debian's policy: manual pages and changelogs are compressed.
fn compress(folder: &Path, name: &str) -> Result<()> {
    let mut gzip = Command::new("gzip");
    run(&format!("compression of {name}"), gzip.current_dir(folder).args(["-9n", name]))
}

fn fields() -> String {
    format!(
        "Package: zonal\n\
         Version: {VERSION}\n\
         Architecture: amd64\n\
         Maintainer: The zonal developers\n\
         Depends: libc6 (>= {GLIBC})\n\
         Section: math\n\
         Priority: optional\n\
         Homepage: {}\n\
         Description: what a network with one hidden layer learns by gradient descent\n \
         The program computes what a network with one hidden layer learns, in which\n \
         order, how wide it must be and for how long, and trains networks on tables\n \
         and on targets with exact expectations.\n",
        env!("CARGO_PKG_REPOSITORY")
    )
}

/// Returns the copyright file in the form that Debian reads.
fn copyright() -> Result<String> {
    let mit = std::fs::read_to_string(root().join("LICENSE-MIT"))?;
    let holder =
        mit.lines().find_map(|l| l.strip_prefix("Copyright (c) ")).context("LICENSE-MIT names no holder")?;
    let terms = mit.split_once("\n\nPermission").context("LICENSE-MIT has no terms")?.1;
    let indented = format!("Permission{terms}").trim_end().replace("\n\n", "\n.\n").replace('\n', "\n ");
    Ok(format!(
        "Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\n\
         Upstream-Name: zonal\n\
         Source: {}\n\
         Comment: packages that the program is linked from are in THIRD-PARTY.txt.\n\n\
         Files: *\n\
         Copyright: {holder}\n\
         License: Expat or Apache-2.0\n\n\
         License: Expat\n {indented}\n\n\
         License: Apache-2.0\n The text is in /usr/share/common-licenses/Apache-2.0.\n",
        env!("CARGO_PKG_REPOSITORY")
    ))
}
