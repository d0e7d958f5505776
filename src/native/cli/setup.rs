//! What `broker` is set up from: a `mosquitto.conf` with the files that it names, or a profile.

use std::fs;
use std::io::Write as _;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, ToSocketAddrs};
use std::path::{Path, PathBuf};

use super::{Failure, listing, report};
use crate::broker::{
    AccessControl, Acl, BrokerConfig, DynamicSecurity, ListenerConf, ListenerProtocol, MosquittoConf, MosquittoImport, PasswordHash,
    Profile, parse_password_file,
};
use crate::native::server::entropy;
use crate::text::{Diagnostic, Language, key};

/// Files that `include_dir` may bring in.
const INCLUDED_MAX: usize = 256;
/// Longest password or access file in bytes.
const FILE_BYTES_MAX: u64 = 4 << 20;
/// Longest file of dynamic security in bytes.
const DYNAMIC_BYTES_MAX: u64 = 256 << 20;

/// Of a password's hash, as `mosquitto_passwd` has them.
const SALT_BYTES: usize = 12;
const ITERATIONS: u32 = 101;

/// An address to listen on, and how many connections it may have at once.
pub(super) type Place = (SocketAddr, Option<usize>);

/// A broker as files or a profile describe it.
#[derive(Debug, Default)]
pub(super) struct Setup {
    pub(super) broker: BrokerConfig,
    pub(super) listeners: Vec<ListenerConf>,
    /// What the files say without an effect here.
    pub(super) notes: Vec<String>,
    /// Where what is administered is kept.
    pub(super) dynamic_file: Option<PathBuf>,
}

impl Setup {
    pub(super) fn of_profile(profile: Profile) -> Self {
        Self { broker: profile.config(), ..Self::default() }
    }

    /// Reads a `mosquitto.conf`, and the password and access files that it names: relative paths count from the current folder, as for Mosquitto.
    pub(super) fn of_config(language: Language, path: &Path) -> Result<Self, Failure> {
        let mistakes = |found: Vec<Diagnostic>| Failure(lines(language, &found).join("\n"));
        let mut import = MosquittoImport::new();
        import.read(&path.display().to_string(), &read(path)?);
        let mut included = 0;
        loop {
            let folders = import.take_include_dirs();
            if folders.is_empty() {
                break;
            }
            for folder in folders {
                for file in listing(Path::new(&folder))?.into_iter().filter(|file| file.extension().is_some_and(|end| end == "conf")) {
                    included += 1;
                    if included > INCLUDED_MAX {
                        return Err(Failure(format!("{folder}: include_dir brings in more than {INCLUDED_MAX} files")));
                    }
                    import.read(&file.display().to_string(), &read(&file)?);
                }
            }
        }
        let MosquittoConf { mut broker, allow_anonymous, listeners, password_file, acl_file, notes } = import.finish().map_err(mistakes)?;
        let users = password_file.map(|file| parse_password_file(&file, &read(Path::new(&file))?).map_err(mistakes)).transpose()?;
        let acl = acl_file.map(|file| Acl::parse(&file, &read(Path::new(&file))?).map_err(mistakes)).transpose()?;
        broker.access = AccessControl { allow_anonymous, users, acl, dynamic: None };
        Ok(Self { broker, listeners, notes: lines(language, &notes), dynamic_file: None })
    }

    /// Dynamic security as the file `kept` has it, or as it begins: with one client, `admin`, whose password is the first line of the other file.
    pub(super) fn administer(&mut self, language: Language, kept: Option<&Path>, password: Option<&Path>) -> Result<(), Failure> {
        let dynamic = match (kept.filter(|kept| kept.exists()), password) {
            (Some(kept), _) => read_dynamic(language, kept)?,
            (None, Some(password)) => begin_with(password)?,
            (None, None) => {
                let missing = kept.unwrap_or(Path::new("")).display();
                return Err(Failure(format!("{missing}: no such file. --admin-password-file FILE begins it")));
            }
        };
        if let Some(kept) = kept {
            // A place where nothing can be written should show now, not with the first change.
            write_dynamic(kept, &dynamic)?;
            self.dynamic_file = Some(kept.to_owned());
        }
        self.broker.access = AccessControl { allow_anonymous: false, users: None, acl: None, dynamic: Some(dynamic) };
        Ok(())
    }

    /// Where to listen, for TCP and for WebSocket, each with its limit of connections. Without an address Mosquitto listens on all; here that takes `allow_remote`.
    pub(super) fn addresses(&mut self, language: Language, allow_remote: bool) -> Result<[Vec<Place>; 2], Failure> {
        let (mut tcp, mut websocket) = (Vec::new(), Vec::new());
        for ListenerConf { port, address, protocol, max_connections } in &self.listeners {
            let address = match address {
                Some(address) => resolve(address, *port)?,
                None if allow_remote => (Ipv4Addr::UNSPECIFIED, *port).into(),
                None => {
                    self.notes.push(language.render(&key::LOG_ONLY_LOOPBACK.with("port", *port)));
                    (Ipv4Addr::LOCALHOST, *port).into()
                }
            };
            match protocol {
                ListenerProtocol::Mqtt => tcp.push((address, *max_connections)),
                ListenerProtocol::Websockets => websocket.push((address, *max_connections)),
            }
        }
        Ok([tcp, websocket])
    }
}

/// One client: `admin`, whose password is the first line of the file.
fn begin_with(file: &Path) -> Result<DynamicSecurity, Failure> {
    let text = read(file)?;
    let password = text.lines().next().filter(|password| !password.is_empty());
    let password = password.ok_or_else(|| Failure(format!("{}: the first line has to be the password", file.display())))?;
    let salt: [u8; 32] = entropy();
    let password = PasswordHash::new(password.as_bytes(), &salt[..SALT_BYTES], ITERATIONS);
    Ok(DynamicSecurity::with_admin("admin", password))
}

fn read_dynamic(language: Language, file: &Path) -> Result<DynamicSecurity, Failure> {
    let text = read_up_to(file, DYNAMIC_BYTES_MAX)?;
    DynamicSecurity::from_file(&text).map_err(|why| Failure(format!("{}: {}", file.display(), language.render(&why))))
}

/// Writes a new file beside the old one and puts it in its place: whatever happens, one of them is whole. It holds hashes of passwords, so only its owner may read it.
pub(super) fn write_dynamic(file: &Path, dynamic: &DynamicSecurity) -> Result<(), Failure> {
    let failed = |error| Failure(format!("{}: {error}", file.display()));
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    let new = folder.join(format!(".{name}.new"));
    let mut options = fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut written = options.open(&new).map_err(failed)?;
    written.write_all(dynamic.to_file().as_bytes()).and_then(|()| written.sync_all()).map_err(failed)?;
    fs::rename(&new, file).map_err(failed)
}

fn lines(language: Language, found: &[Diagnostic]) -> Vec<String> {
    found.iter().map(|found| report(language, found)).collect()
}

fn read(path: &Path) -> Result<String, Failure> {
    read_up_to(path, FILE_BYTES_MAX)
}

fn read_up_to(path: &Path, bytes_max: u64) -> Result<String, Failure> {
    let failed = |error| Failure(format!("{}: {error}", path.display()));
    if fs::metadata(path).map_err(failed)?.len() > bytes_max {
        return Err(Failure(format!("{}: longer than {bytes_max} bytes", path.display())));
    }
    fs::read_to_string(path).map_err(failed)
}

fn resolve(address: &str, port: u16) -> Result<SocketAddr, Failure> {
    if let Ok(address) = address.parse::<IpAddr>() {
        return Ok((address, port).into());
    }
    let unknown = |why: String| Failure(format!("listener {port} {address}: {why}"));
    let mut found = (address, port).to_socket_addrs().map_err(|error| unknown(error.to_string()))?;
    found.next().ok_or_else(|| unknown("no address has this name".to_owned()))
}
