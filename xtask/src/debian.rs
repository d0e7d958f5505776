//! System packages: programs that only tests need. Named for Debian and Ubuntu; elsewhere the program itself has to be on the PATH.

use std::path::Path;
use std::process::Stdio;
use std::sync::OnceLock;

use crate::browser;
use crate::command::{command, find, is_ci, output, run};

/// A system package and how to see that it is there.
pub(crate) struct Package {
    pub(crate) name: &'static str,
    evidence: Evidence,
}

enum Evidence {
    Browser,
    Program(&'static [&'static str]),
    File(&'static str),
    /// This command succeeds.
    Runs(&'static str, &'static [&'static str]),
}

pub(crate) const NODE: Package = Package { name: "nodejs npm", evidence: Evidence::Program(&["node", "npm"]) };
pub(crate) const CHROMIUM: Package = Package { name: "chromium", evidence: Evidence::Browser };
pub(crate) const PYTHON: Package =
    Package { name: "python3 python3-venv", evidence: Evidence::Runs("python3", &["-c", "import ensurepip, venv"]) };
/// Korean glyphs, for screenshots.
pub(crate) const FONTS: Package =
    Package { name: "fonts-noto-cjk", evidence: Evidence::File("/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc") };
pub(crate) const TSHARK: Package = Package { name: "tshark", evidence: Evidence::Program(&["tshark"]) };
pub(crate) const MOSQUITTO: Package = Package { name: "mosquitto", evidence: Evidence::Program(&["mosquitto"]) };
pub(crate) const MOSQUITTO_CLIENTS: Package =
    Package { name: "mosquitto-clients", evidence: Evidence::Program(&["mosquitto_pub", "mosquitto_sub"]) };

impl Package {
    pub(crate) fn is_installed(&self) -> bool {
        match self.evidence {
            Evidence::Browser => browser::path().is_some(),
            Evidence::Program(programs) => programs.iter().all(|program| find(program).is_some()),
            Evidence::File(path) => Path::new(path).exists(),
            Evidence::Runs(program, args) => output(program, args).is_some(),
        }
    }

    pub(crate) fn remedy(&self) -> String {
        format!("sudo apt-get install {}", self.name)
    }

    /// Installs it with apt-get in continuous integration; on a person's machine, only the command is named.
    pub(crate) fn install(&self) -> Result<(), String> {
        if !is_ci() {
            return Err("it is a system package, which xtask installs only with CI=true".to_owned());
        }
        let Some(prefix) = root_prefix() else { return Err("it takes root to install a system package".to_owned()) };
        update_lists_once(prefix);
        apt_get(prefix, &[&["install", "--yes", "--no-install-recommends"], self.name.split(' ').collect::<Vec<_>>().as_slice()].concat())
    }
}

/// How a command gets root's rights: as it is, or by a sudo that asks for no password.
fn root_prefix() -> Option<&'static [&'static str]> {
    if output("id", &["-u"]).as_deref() == Some("0") {
        Some(&[])
    } else {
        output("sudo", &["-n", "true"]).map(|_| ["sudo", "-n"].as_slice())
    }
}

fn update_lists_once(prefix: &[&str]) {
    static UPDATED: OnceLock<()> = OnceLock::new();
    UPDATED.get_or_init(|| {
        if let Err(message) = apt_get(prefix, &["update"]) {
            println!("{message}; going on with the package lists that are here");
        }
    });
}

fn apt_get(prefix: &[&str], args: &[&str]) -> Result<(), String> {
    let words = [prefix, &["env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-qq"], args].concat();
    let Some((program, args)) = words.split_first() else { return Ok(()) };
    run(command(program, args).stdout(Stdio::null()))
}
