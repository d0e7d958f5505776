//! What the tasks need beyond cargo: how to see whether it is there, how long it takes to get, and how to get it by hand.

use std::fmt;
use std::path::PathBuf;

use crate::command::{e2e, interop};
use crate::{debian, npm, python, rust_tools};

/// One thing that a check or the page needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Need {
    Rustfmt,
    Clippy,
    WasmTarget,
    Node,
    Trunk,
    WasmBindgen,
    CargoDeny,
    CargoFuzz,
    NpmPackages,
    Python,
    PythonClients,
    NodeClients,
    Chromium,
    Fonts,
    Tshark,
    Mosquitto,
    MosquittoClients,
}

impl Need {
    /// Whether it is here, in the version that is needed.
    pub(crate) fn is_met(self) -> bool {
        match self.way() {
            Way::Component(name) => rust_tools::has_component(name),
            Way::Target => rust_tools::has_wasm_target(),
            Way::Crate(tool) => tool.is_installed(),
            Way::Npm(folder) => npm::is_installed(&folder()),
            Way::Pip => python::is_installed(),
            Way::Debian(package) => package.is_installed(),
        }
    }

    /// Gets it, with its progress shown. The error says why not.
    pub(crate) fn install(self) -> Result<(), String> {
        match self.way() {
            Way::Component(name) => rust_tools::add_component(name),
            Way::Target => rust_tools::add_wasm_target(),
            Way::Crate(tool) => tool.install(),
            Way::Npm(folder) => npm::install(&folder()),
            Way::Pip => python::install(),
            Way::Debian(package) => package.install(),
        }
    }

    /// The command that a person can run to get it.
    pub(crate) fn remedy(self) -> String {
        match self.way() {
            Way::Component(name) => format!("rustup component add {name}"),
            Way::Target => "rustup target add wasm32-unknown-unknown".to_owned(),
            Way::Crate(tool) => tool.remedy(),
            Way::Npm(folder) => format!("npm ci --prefix {}", folder().display()),
            Way::Pip => python::remedy(),
            Way::Debian(package) => package.remedy(),
        }
    }

    /// Roughly how long it takes to get, on two cores.
    pub(crate) fn duration(self) -> &'static str {
        match self.way() {
            Way::Component(_) | Way::Target => "about 20 s",
            Way::Crate(tool) => tool.duration,
            Way::Npm(_) | Way::Pip => "about 20 s",
            Way::Debian(_) => "about 1 min",
        }
    }

    /// Whether it is a system package, which takes root to install.
    pub(crate) fn is_system_package(self) -> bool {
        matches!(self.way(), Way::Debian(_))
    }

    fn way(self) -> Way {
        match self {
            Self::Rustfmt => Way::Component("rustfmt"),
            Self::Clippy => Way::Component("clippy"),
            Self::WasmTarget => Way::Target,
            Self::Trunk => Way::Crate(rust_tools::trunk()),
            Self::WasmBindgen => Way::Crate(rust_tools::wasm_bindgen()),
            Self::CargoDeny => Way::Crate(rust_tools::cargo_deny()),
            Self::CargoFuzz => Way::Crate(rust_tools::cargo_fuzz()),
            Self::NpmPackages => Way::Npm(e2e),
            Self::NodeClients => Way::Npm(|| interop().join("node")),
            Self::Python => Way::Debian(debian::PYTHON),
            Self::PythonClients => Way::Pip,
            Self::Node => Way::Debian(debian::NODE),
            Self::Chromium => Way::Debian(debian::CHROMIUM),
            Self::Fonts => Way::Debian(debian::FONTS),
            Self::Tshark => Way::Debian(debian::TSHARK),
            Self::Mosquitto => Way::Debian(debian::MOSQUITTO),
            Self::MosquittoClients => Way::Debian(debian::MOSQUITTO_CLIENTS),
        }
    }
}

enum Way {
    Component(&'static str),
    Target,
    Crate(rust_tools::Tool),
    Npm(fn() -> PathBuf),
    Pip,
    Debian(debian::Package),
}

impl fmt::Display for Need {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.way() {
            _ if *self == Self::NodeClients => f.write_str("npm packages of tests/interop/node (MQTT.js)"),
            Way::Component(name) => f.write_str(name),
            Way::Target => f.write_str("Rust's wasm32-unknown-unknown target"),
            Way::Crate(tool) => write!(f, "{} {}", tool.krate, tool.version),
            Way::Npm(_) => f.write_str("npm packages of tests/e2e (Playwright, axe, wasm-opt)"),
            Way::Pip => f.write_str("Python packages of tests/interop/python (paho-mqtt, aiomqtt, gmqtt)"),
            Way::Debian(package) => f.write_str(package.name),
        }
    }
}
