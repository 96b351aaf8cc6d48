//! `cargo xtask package`: what is published, each by one command, into `target/packages`.
//!
//! The program and the wheel are linked by zig against an old glibc, so that they run on every Linux of the last decade. Times
//! come from the last commit and paths are mapped, so that two builds of a commit can be compared.

mod deb;
mod notices;

use crate::packages::{git, packages};
use crate::{cargo, cargo_has, environment, python, root, run, target};
use anyhow::{Context, Result, bail, ensure};
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The platform of the program and the wheel, and the oldest glibc that Rust supports.
const PLATFORM: &str = "x86_64-unknown-linux-gnu";
const GLIBC: &str = "2.17";

/// zig can remove all symbols or none, and the wheel's stubs are read from them; so what is linked keeps them.
const WITH_SYMBOLS: [&str; 2] = ["--config", "profile.release.strip='none'"];

/// All packages of the workspace have one version.
const VERSION: &str = env!("CARGO_PKG_VERSION");

/// What is built, in this order.
const ALL: [&str; 6] = ["crates", "program", "deb", "wheel", "sdist", "sbom"];

/// `cargo xtask package [WHAT ..] [--tag TAG]`.
pub(crate) fn package(arguments: &[String]) -> Result<()> {
    let (words, tag) = match arguments.iter().position(|a| a == "--tag") {
        Some(at) => (&arguments[..at], Some(arguments.get(at + 1).context("--tag needs a value")?)),
        None => (arguments, None),
    };
    if let Some(tag) = tag {
        ensure!(*tag == format!("v{VERSION}"), "the tag is {tag}, but the version is {VERSION}");
    }
    if let Some(unknown) = words.iter().find(|w| *w != "all" && !ALL.contains(&w.as_str())) {
        bail!("unknown package '{unknown}'; there are {}, and all", ALL.join(", "));
    }
    let all = words.is_empty() || words.iter().any(|w| w == "all");
    let build = Build::new()?;
    if all {
        empty(&build.out)?;
    }
    for what in ALL.into_iter().filter(|what| all || words.iter().any(|w| w == what)) {
        match what {
            "crates" => build.crates()?,
            "program" => build.archive()?,
            "deb" => deb::deb(&build)?,
            "wheel" => build.wheel()?,
            "sdist" => build.sdist()?,
            _ => build.sbom()?,
        }
    }
    build.checksums()
}

/// A build of packages.
struct Build {
    /// Where the packages go.
    out: PathBuf,
    /// Seconds since 1970 of the last commit: the time of all files.
    epoch: String,
}

impl Build {
    fn new() -> Result<Self> {
        ensure!(cfg!(target_os = "linux"), "packages are built on Linux");
        let out = target().join("packages");
        std::fs::create_dir_all(&out)?;
        let epoch = git(&["log", "-1", "--format=%ct"])?;
        Ok(Self { out: out.canonicalize()?, epoch })
    }

    /// Settings without which two builds of a commit differ: the time, and paths that name this machine.
    fn reproducible<'a>(&self, command: &'a mut Command) -> Result<&'a mut Command> {
        let home = std::env::var_os("CARGO_HOME").map(PathBuf::from);
        let home =
            home.or_else(|| Some(std::env::home_dir()?.join(".cargo"))).context("there is no CARGO_HOME")?;
        let mut flags = String::new();
        // The last that fits is taken.
        for (from, to) in
            [(root().canonicalize()?, "/zonal"), (target().canonicalize()?, "/target"), (home, "/cargo")]
        {
            let separator = if flags.is_empty() { "" } else { "\x1f" };
            flags += &format!("{separator}--remap-path-prefix={}={to}", from.display());
        }
        Ok(command.env("SOURCE_DATE_EPOCH", &self.epoch).env("CARGO_ENCODED_RUSTFLAGS", flags))
    }

    /// The crates that are published, each built from its package alone.
    fn crates(&self) -> Result<()> {
        let mut publish = cargo();
        publish.args(["publish", "--workspace", "--dry-run", "--no-verify", "--locked"]);
        run("metadata of crates", &mut publish)?;
        let mut package = cargo();
        package.args(["package", "--workspace", "--locked"]).env("SOURCE_DATE_EPOCH", &self.epoch);
        for unpublished in packages()?.iter().filter(|p| !p.published) {
            package.args(["--exclude", &unpublished.name]);
        }
        run("crates", &mut package)?;
        for package in packages()?.iter().filter(|p| p.published) {
            let name = format!("{}-{VERSION}.crate", package.name);
            let file = target().join("package").join(&name);
            std::fs::copy(&file, self.out.join(&name)).with_context(|| file.display().to_string())?;
        }
        Ok(())
    }

    /// The program for users.
    fn program(&self) -> Result<PathBuf> {
        let python = tools()?;
        let mut build = Command::new(python.with_file_name("cargo-zigbuild"));
        build.current_dir(root()).args(["zigbuild", "--release", "--locked", "--package", "zonal-cli"]);
        build.args(WITH_SYMBOLS).arg("--target").arg(format!("{PLATFORM}.{GLIBC}"));
        run("program", self.reproducible(&mut build)?.env("PATH", path_with(&python)?))?;
        Ok(target().join(PLATFORM).join("release/zonal"))
    }

    /// The program with all that belongs to it, as files below a prefix such as `/usr`.
    fn installed(&self, prefix: &Path) -> Result<()> {
        let program = self.program()?;
        let folder = |path: &str| -> Result<PathBuf> {
            let folder = prefix.join(path);
            std::fs::create_dir_all(&folder)?;
            Ok(folder)
        };
        let copy = folder("bin")?.join("zonal");
        std::fs::copy(&program, &copy)?;
        run("removal of symbols", Command::new("strip").arg(&copy))?;
        run("manual pages", Command::new(&program).arg("man").arg(folder("share/man/man1")?))?;
        for (shell, place, name) in [
            ("bash", "share/bash-completion/completions", "zonal"),
            ("fish", "share/fish/vendor_completions.d", "zonal.fish"),
            ("zsh", "share/zsh/vendor-completions", "_zonal"),
        ] {
            let text = Command::new(&program).args(["completions", shell]).output()?;
            ensure!(text.status.success(), "the program gives no completions for {shell}");
            std::fs::write(folder(place)?.join(name), text.stdout)?;
        }
        let documents = folder("share/doc/zonal")?;
        for name in ["README.md", "CHANGELOG.md", "LICENSE-MIT", "LICENSE-APACHE"] {
            std::fs::copy(root().join(name), documents.join(name))?;
        }
        std::fs::write(documents.join("THIRD-PARTY.txt"), notices::notices("zonal-cli", PLATFORM)?)?;
        Ok(())
    }

    /// The program and all that belongs to it in one archive.
    fn archive(&self) -> Result<()> {
        let name = format!("zonal-{VERSION}-{PLATFORM}");
        let folder = self.parts("archive")?;
        self.installed(&folder.join(&name))?;
        let mut tar = Command::new("tar");
        tar.current_dir(&folder).args([
            "--sort=name",
            "--owner=0",
            "--group=0",
            "--numeric-owner",
            "--mode=go=rX,u+w",
        ]);
        tar.arg(format!("--mtime=@{}", self.epoch)).args([
            "--use-compress-program",
            "gzip -9n",
            "--create",
            "--file",
        ]);
        run("archive", tar.arg(self.out.join(name.clone() + ".tar.gz")).arg(name))
    }

    /// An empty folder for the parts of a package.
    fn parts(&self, name: &str) -> Result<PathBuf> {
        let folder = self.out.with_file_name("packages-parts").join(name);
        empty(&folder)?;
        Ok(folder)
    }

    /// The wheel. Its stubs are read from the symbols of its library, which are removed afterwards.
    fn wheel(&self) -> Result<()> {
        let parts = self.parts("wheel")?;
        let mut maturin = self.maturin("build", &parts)?;
        maturin
            .args(["--release", "--locked", "--zig", "--generate-stubs", "--target", PLATFORM])
            .args(WITH_SYMBOLS);
        maturin.args(["--compatibility", &format!("manylinux_{}", GLIBC.replace('.', "_"))]);
        run("wheel", self.reproducible(&mut maturin)?)?;
        let folder = format!("zonal-{VERSION}");
        let wheel = |words: &[&str]| -> Result<Command> {
            let mut command = Command::new(tools()?);
            command.current_dir(&parts).args(["-m", "wheel"]).args(words);
            command.env("SOURCE_DATE_EPOCH", &self.epoch);
            Ok(command)
        };
        run("unpacking", wheel(&["unpack", "--dest", "."])?.arg(python::only_file(&parts)?))?;
        let unpacked = parts.join(&folder);
        run("removal of symbols", Command::new("strip").arg(unpacked.join("zonal/_native.abi3.so")))?;
        let list = unpacked.join(format!("{folder}.dist-info/sboms/zonal-py.cyclonedx.json"));
        std::fs::write(&list, without_folder(&list)?)?;
        run("packing", wheel(&["pack", &folder, "--dest-dir"])?.arg(&self.out))
    }

    fn sdist(&self) -> Result<()> {
        run("sdist", &mut self.maturin("sdist", &self.out)?)
    }

    fn maturin(&self, command: &str, out: &Path) -> Result<Command> {
        let python = tools()?;
        let mut maturin = Command::new(&python);
        maturin.args(["-m", "maturin", command, "--out"]).arg(out).current_dir(python::folder());
        maturin.env("PATH", path_with(&python)?).env("SOURCE_DATE_EPOCH", &self.epoch);
        Ok(maturin)
    }

    /// The list of everything in the program and in the wheel, in CycloneDX's form.
    fn sbom(&self) -> Result<()> {
        ensure!(cargo_has("cyclonedx"), "cargo-cyclonedx is needed (cargo install cargo-cyclonedx)");
        let mut list = cargo();
        list.args(["cyclonedx", "--format", "json", "--target", PLATFORM, "--no-build-deps"]);
        run("SBOM", list.env("SOURCE_DATE_EPOCH", &self.epoch))?;
        // It writes one for each package of the workspace, next to its manifest.
        for package in packages()? {
            let file = root().join(&package.folder).join(format!("{}.cdx.json", package.name));
            if ["zonal-cli", "zonal-py"].contains(&package.name.as_str()) {
                let out = self.out.join(format!("{}-{VERSION}.cdx.json", package.name));
                std::fs::write(out, without_folder(&file)?)?;
            }
            std::fs::remove_file(&file).with_context(|| file.display().to_string())?;
        }
        Ok(())
    }

    /// `SHA256SUMS` of all packages.
    fn checksums(&self) -> Result<()> {
        let mut names = Vec::new();
        for entry in std::fs::read_dir(&self.out)? {
            names.push(entry?.file_name());
        }
        names.retain(|name| name != "SHA256SUMS");
        names.sort();
        let sums = Command::new("sha256sum").current_dir(&self.out).arg("--").args(names).output()?;
        ensure!(sums.status.success(), "sha256sum: {}", String::from_utf8_lossy(&sums.stderr).trim());
        print!("{}", String::from_utf8_lossy(&sums.stdout));
        Ok(std::fs::write(self.out.join("SHA256SUMS"), sums.stdout)?)
    }
}

/// Returns a list of packages, which identifies those of the workspace by their folders, with `/zonal` as this folder.
fn without_folder(list: &Path) -> Result<String> {
    let here = root().canonicalize()?.display().to_string();
    let text = std::fs::read_to_string(list).with_context(|| list.display().to_string())?;
    Ok(text.replace(&here, "/zonal"))
}

/// Creates a folder, or empties it.
fn empty(folder: &Path) -> Result<()> {
    if folder.exists() {
        std::fs::remove_dir_all(folder).with_context(|| folder.display().to_string())?;
    }
    std::fs::create_dir_all(folder).with_context(|| folder.display().to_string())
}

/// The Python of an environment with the tools of packages.
fn tools() -> Result<PathBuf> {
    environment(&["maturin==1.16.0", "cargo-zigbuild==0.24.1", "ziglang==0.17.1", "wheel==0.48.0"])
}

/// The search path with the folder of a program first.
fn path_with(program: &Path) -> Result<OsString> {
    let first = program.parent().context("the program has no folder")?.to_owned();
    let rest = std::env::var_os("PATH").unwrap_or_default();
    Ok(std::env::join_paths(std::iter::once(first).chain(std::env::split_paths(&rest)))?)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The versions of the compiler in the workflow are those that the manifests declare.
    #[test]
    fn the_oldest_compilers_are_tried() {
        let workflow = std::fs::read_to_string(root().join(".github/workflows/ci.yml")).unwrap();
        let whole = format!("toolchain: \"{}\"\n", env!("CARGO_PKG_RUST_VERSION"));
        assert!(workflow.contains(&whole), "{whole}");
        let line = workflow.lines().find(|l| l.contains("cargo +")).unwrap();
        let mut libraries = 0;
        for package in packages().unwrap() {
            let manifest = std::fs::read_to_string(root().join(&package.folder).join("Cargo.toml")).unwrap();
            let own = manifest.lines().find_map(|l| l.strip_prefix("rust-version = \"")?.strip_suffix('"'));
            let Some(own) = own else { continue };
            libraries += 1;
            assert!(
                line.contains(&format!("+{own} ")) && line.contains(&format!("-p {}", package.name)),
                "{line}"
            );
        }
        assert!(libraries > 0 && libraries == line.matches("-p ").count(), "{line}");
    }
}
