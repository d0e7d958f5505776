//! How many files, and so connections, this process may have open.

/// Raises the limit of open files as far as it may be raised without special rights; gives the limit then in force, `None` if there is none
/// or it cannot be known.
#[cfg(unix)]
#[must_use]
pub fn raise_open_files() -> Option<u64> {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    if current != maximum && setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum }).is_ok() {
        return maximum;
    }
    current
}

/// There is no such limit here.
#[cfg(not(unix))]
#[must_use]
pub const fn raise_open_files() -> Option<u64> {
    None
}
