//! `broker`: the listener for real clients, from its flags to its orderly end.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use super::log::{Log, say, warn};
use super::setup::{self, Setup};
use super::{Failure, format};
use crate::broker::{AccessControl, Profile};
use crate::export::Format;
use crate::native::{Admission, Control, Happening, Recording, Server, ServerConfig, raise_open_files};
use crate::text::{Language, key};
use crate::time::Duration;

const MQTT_PORT: u16 = 1883;
/// Files that are open besides those of connections, generously.
const FILES_FOR_ITSELF: u64 = 64;

/// How often `$SYS/broker/…` is published.
const SYS_INTERVAL: Duration = Duration::from_secs(10);

/// Flags of `broker`.
#[derive(Debug, clap::Args)]
pub(super) struct Options {
    /// Address for MQTT over TCP, such as 127.0.0.1:1883. Port 0 picks a free one; the address in use is printed. May be repeated.
    ///
    /// Without --tcp and --ws the broker listens at 127.0.0.1:1883.
    #[arg(long, value_name = "ADDRESS", value_parser = address)]
    tcp: Vec<SocketAddr>,
    /// Address for MQTT over WebSocket, such as 127.0.0.1:9001. May be repeated.
    #[arg(long, value_name = "ADDRESS", value_parser = address)]
    ws: Vec<SocketAddr>,
    /// Set the broker up from a mosquitto.conf and the password and access files that it names. What it says that cannot be followed is named with its line.
    ///
    /// --tcp and --ws replace its listeners. SIGHUP reads the files again: users, passwords and access change at once, for those connected too.
    #[arg(long, value_name = "FILE", conflicts_with = "profile")]
    config: Option<PathBuf>,
    /// Let `mosquitto_ctrl dynsec` administer clients, groups and roles, as the user `admin` with the password in the first line of this file.
    ///
    /// Nobody else may do anything until then. Without --dynamic-security, what is changed lasts until the broker stops. Clients then authenticate by password
    /// alone, not by SCRAM.
    #[arg(long, value_name = "FILE", conflicts_with = "config")]
    admin_password_file: Option<PathBuf>,
    /// Keep the clients, groups and roles of `mosquitto_ctrl dynsec` in this file, the dynamic-security.json of Mosquitto: it is read at the start and written
    /// with every change. --admin-password-file begins it, if there is none yet.
    #[arg(long, value_name = "FILE", conflicts_with = "config")]
    dynamic_security: Option<PathBuf>,
    /// Take on the documented limits of a known broker.
    #[arg(long, value_name = "NAME", value_parser = profile)]
    profile: Option<Profile>,
    /// Listen on other than loopback addresses too: whoever reaches this computer over the network may then connect.
    #[arg(long)]
    allow_remote: bool,
    /// Let in web pages of this origin over WebSocket, such as https://example.org. Pages of this computer are let in anyway. May be repeated.
    #[arg(long, value_name = "ORIGIN", value_parser = origin)]
    allow_origin: Vec<String>,
    /// A name or address by which WebSocket clients may call this computer, beyond localhost and loopback addresses. May be repeated.
    #[arg(long, value_name = "HOST")]
    allow_host: Vec<String>,
    /// Write the trace of all clients when the broker stops; the format goes by the ending: .pcapng or .json. Passwords are masked. May be repeated.
    #[arg(long, value_name = "FILE")]
    export: Vec<PathBuf>,
    /// Print every decision of the broker, but for what it publishes of itself below $SYS/.
    #[arg(long, short)]
    verbose: bool,
}

fn profile(name: &str) -> Result<Profile, String> {
    Profile::from_name(name).ok_or_else(|| format!("known are {}", Profile::ALL.map(Profile::name).join(", ")))
}

fn address(text: &str) -> Result<SocketAddr, String> {
    text.parse().map_err(|_| "an IP address and a port are needed, such as 127.0.0.1:1883 or [::1]:1883".to_owned())
}

/// As browsers send it: anything else would never match, and silently.
fn origin(text: &str) -> Result<String, String> {
    let host = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    match host {
        Some(host) if !host.is_empty() && !host.contains(|letter: char| letter == '/' || letter.is_whitespace()) => Ok(text.to_owned()),
        _ => Err("scheme and host are needed, without a path and without / at the end, such as https://example.org".to_owned()),
    }
}

impl Options {
    /// What to serve, and the file of dynamic security.
    fn server(&self, language: Language) -> Result<(ServerConfig, Option<PathBuf>), Failure> {
        let mut setup = match (&self.config, self.profile) {
            (Some(file), _) => Setup::of_config(language, file)?,
            (None, Some(profile)) => Setup::of_profile(profile),
            (None, None) => Setup::default(),
        };
        if self.config.is_none() {
            // As Mosquitto does unless its configuration says otherwise.
            setup.broker.sys_interval = Some(SYS_INTERVAL);
        }
        if self.dynamic_security.is_some() || self.admin_password_file.is_some() {
            setup.administer(language, self.dynamic_security.as_deref(), self.admin_password_file.as_deref())?;
        }
        let mut places = [&self.tcp, &self.ws].map(|addresses| addresses.iter().map(|address| (*address, None)).collect::<Vec<_>>());
        if places.iter().all(Vec::is_empty) {
            places = setup.addresses(language, self.allow_remote)?;
        }
        if places.iter().all(Vec::is_empty) {
            places[0].push(((Ipv4Addr::LOCALHOST, MQTT_PORT).into(), None));
        }
        let connections_max = places.iter().flatten().map(|(_, limit)| *limit).collect();
        let [tcp, websocket] = places.map(|places| places.into_iter().map(|(address, _)| address).collect::<Vec<_>>());
        for note in &setup.notes {
            warn(note);
        }
        let remote: Vec<&SocketAddr> = tcp.iter().chain(&websocket).filter(|address| !address.ip().is_loopback()).collect();
        if let Some(address) = remote.first()
            && !self.allow_remote
        {
            return Err(Failure(format!(
                "{address} can be reached from other computers. Give --allow-remote if that is meant, or a loopback address such as 127.0.0.1"
            )));
        }
        let mut hosts = self.allow_host.clone();
        hosts.extend(websocket.iter().filter(|address| !address.ip().is_unspecified()).map(|address| match address {
            SocketAddr::V4(address) => address.ip().to_string(),
            SocketAddr::V6(address) => format!("[{}]", address.ip()),
        }));
        let admission = Admission { origins: self.allow_origin.clone(), hosts };
        let config = ServerConfig { broker: setup.broker, tcp, websocket, connections_max, admission, ..ServerConfig::default() };
        Ok((config, setup.dynamic_file))
    }

    /// The files to write. Each is opened now: a mistake should show before the broker has run for an hour.
    fn exports(&self) -> Result<Vec<(&Path, Format)>, Failure> {
        let open = |file: &PathBuf| {
            fs::OpenOptions::new()
                .create(true)
                .append(true)
                .open(file)
                .map(drop)
                .map_err(|error| Failure(format!("{}: {error}", file.display())))
        };
        self.export.iter().map(|file| format(file).and_then(|format| open(file).map(|()| (file.as_path(), format)))).collect()
    }
}

/// Serves until a signal asks for the end.
pub(super) fn serve(language: Language, options: Options) -> Result<ExitCode, Failure> {
    let (config, dynamic_file) = options.server(language)?;
    let exports = options.exports()?;
    let connections_max = config.broker.max_connections;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let server = Server::bind(config)?;
        warn_of_few_files(language, connections_max);
        // Before anyone is told that it serves: a signal that came earlier would end the process as if there were no such care.
        let signals = Signals::new();
        if let Some(file) = options.config.clone() {
            reload_when_asked(language, file, server.control());
        }
        for (transport, address) in server.addresses() {
            if !address.ip().is_loopback() {
                warn(&language.render(&key::LOG_ANYONE_MAY_CONNECT.with("address", address.to_string())));
            }
            // Scripts wait for this line, in one language; it says which port 0 became.
            say(&format!("listening on {transport}://{address}"));
        }
        let log = Log { language, is_verbose: options.verbose };
        let mut recording = (!exports.is_empty()).then(Recording::default);
        server
            .run(asked_to_stop(language, signals), |at, happening| {
                if let Some(recording) = &mut recording {
                    recording.take(at, happening);
                }
                log.hear(at, happening);
                if let (Happening::AccessChanged(access), Some(file)) = (happening, &dynamic_file) {
                    keep(language, file, access);
                }
            })
            .await;
        if let Some(recording) = recording {
            for (file, format) in exports {
                let bytes = format.write(recording.trace());
                fs::write(file, &bytes).map_err(|error| Failure(format!("{}: {error}", file.display())))?;
                say(&language.render(&key::LOG_WROTE.with("file", file.display().to_string()).with("size", bytes.len())));
            }
        }
        Ok(ExitCode::SUCCESS)
    })
}

/// Writes what is administered. A mistake is told and changes nothing: what counts is what the broker has.
fn keep(language: Language, file: &Path, access: &AccessControl) {
    let Some(dynamic) = &access.dynamic else { return };
    if let Err(Failure(why)) = setup::write_dynamic(file, dynamic) {
        warn(&language.render(&key::LOG_NOT_KEPT.with("why", why)));
    }
}

fn warn_of_few_files(language: Language, connections_max: usize) {
    let needed = u64::try_from(connections_max).unwrap_or(u64::MAX).saturating_add(FILES_FOR_ITSELF);
    if let Some(limit) = raise_open_files().filter(|limit| *limit < needed) {
        let connections = limit.saturating_sub(FILES_FOR_ITSELF);
        let words = key::LOG_FEW_FILES.with("limit", limit).with("connections", connections).with("needed", needed);
        warn(&language.render(&words.with("wanted", connections_max)));
    }
}

/// SIGHUP: what the files say of access counts from now on. A mistake in them changes nothing.
#[cfg(unix)]
fn reload_when_asked(language: Language, file: PathBuf, control: Control) {
    use tokio::signal::unix::{SignalKind, signal};
    let Ok(mut asked) = signal(SignalKind::hangup()) else { return };
    tokio::spawn(async move {
        while asked.recv().await.is_some() {
            match Setup::of_config(language, &file) {
                Ok(setup) => {
                    control.change_access(setup.broker.access).await;
                    say(&language.render(&key::LOG_READ_AGAIN.with("file", file.display().to_string())));
                }
                Err(Failure(mistakes)) => warn(&format!("{mistakes}\n{}", language.render(&key::LOG_NOTHING_CHANGED.message()))),
            }
        }
    });
}

#[cfg(not(unix))]
fn reload_when_asked(_language: Language, _file: PathBuf, _control: Control) {}

/// The first signal that asks for the end. A second one ends the process at once.
async fn asked_to_stop(language: Language, mut signals: Signals) {
    signals.next().await;
    tokio::spawn(async move {
        signals.next().await;
        warn(&language.render(&key::LOG_STOPPED_AT_ONCE.message()));
        std::process::exit(1);
    });
}

#[cfg(unix)]
struct Signals([Option<tokio::signal::unix::Signal>; 2]);

#[cfg(unix)]
impl Signals {
    fn new() -> Self {
        use tokio::signal::unix::{SignalKind, signal};
        // Without a handler there is nothing to wait for: the signal then does what it does to any process.
        Self([SignalKind::interrupt(), SignalKind::terminate()].map(|kind| signal(kind).ok()))
    }

    async fn next(&mut self) {
        let [interrupt, terminate] = &mut self.0;
        tokio::select! {
            () = receive(interrupt) => {}
            () = receive(terminate) => {}
        }
    }
}

#[cfg(unix)]
async fn receive(signal: &mut Option<tokio::signal::unix::Signal>) {
    if let Some(signal) = signal
        && signal.recv().await.is_some()
    {
        return;
    }
    std::future::pending().await
}

#[cfg(not(unix))]
struct Signals;

#[cfg(not(unix))]
impl Signals {
    const fn new() -> Self {
        Self
    }

    async fn next(&mut self) {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_an_ip_address_with_a_port() {
        assert!(address("127.0.0.1:0").is_ok() && address("[::1]:1883").is_ok());
        for wrong in ["1883", "localhost:1883", "127.0.0.1"] {
            assert!(address(wrong).is_err_and(|why| why.contains("127.0.0.1:1883")), "{wrong}");
        }
    }

    #[test]
    fn an_origin_that_no_browser_sends_is_refused() {
        assert!(origin("https://course.example").is_ok() && origin("http://192.0.2.1:8000").is_ok());
        for wrong in ["course.example", "https://course.example/", "https://course.example/mqtt", "https://", "https://a b", "*"] {
            assert!(origin(wrong).is_err(), "{wrong}");
        }
    }
}
