//! What a process has used: CPU time, and memory.

use crate::result::Result;

/// CPU seconds of this process, user and system, all threads.
#[cfg(unix)]
pub(crate) fn cpu_seconds() -> Result<f64> {
    let usage = own_usage()?;
    let seconds =
        |time: nix::sys::time::TimeVal| time.tv_sec() as f64 + time.tv_usec() as f64 / 1e6;
    Ok(seconds(usage.user_time()) + seconds(usage.system_time()))
}

#[cfg(unix)]
fn own_usage() -> Result<nix::sys::resource::Usage> {
    Ok(nix::sys::resource::getrusage(nix::sys::resource::UsageWho::RUSAGE_SELF)?)
}

/// The peak of resident memory of this process, in KiB.
#[cfg(unix)]
pub(crate) fn peak_kib() -> Result<u64> {
    // `ru_maxrss` of a child begins with the peak of its parent; the line of Linux begins with exec.
    if let Some(peak) = status_kib("VmHWM:") {
        return Ok(peak);
    }
    let peak = u64::try_from(own_usage()?.max_rss())?;
    Ok(if cfg!(target_vendor = "apple") { peak / 1024 } else { peak })
}

/// The resident memory of this process now, in KiB. Linux only.
pub(crate) fn resident_kib() -> Option<u64> {
    status_kib("VmRSS:")
}

fn status_kib(key: &str) -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let value = status.lines().find_map(|line| line.strip_prefix(key))?;
    value.split_whitespace().next()?.parse().ok()
}

/// Lets this process open at least `files` files.
#[cfg(unix)]
pub(crate) fn allow_files(files: u64) -> Result<()> {
    use nix::sys::resource::{Resource, getrlimit, setrlimit};
    let (soft, hard) = getrlimit(Resource::RLIMIT_NOFILE)?;
    if soft >= files {
        return Ok(());
    }
    if hard < files {
        return Err(format!("{files} open files are needed, `ulimit -Hn` says {hard}").into());
    }
    Ok(setrlimit(Resource::RLIMIT_NOFILE, files, hard)?)
}

#[cfg(not(unix))]
pub(crate) fn cpu_seconds() -> Result<f64> {
    Err(NOT_HERE.into())
}

#[cfg(not(unix))]
pub(crate) fn peak_kib() -> Result<u64> {
    Err(NOT_HERE.into())
}

#[cfg(not(unix))]
pub(crate) fn allow_files(_: u64) -> Result<()> {
    Err(NOT_HERE.into())
}

#[cfg(not(unix))]
const NOT_HERE: &str = "the bench asks the kernel with getrusage, so it needs a Unix";

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn work_is_counted() {
        let (before, memory) = (cpu_seconds().unwrap(), peak_kib().unwrap());
        let text = std::hint::black_box("x".repeat(64 << 20));
        assert!(cpu_seconds().unwrap() > before);
        assert!(peak_kib().unwrap() >= memory + text.len() as u64 / 2048);
    }

    #[test]
    fn files_are_allowed_up_to_the_hard_limit() {
        allow_files(64).unwrap();
        let error = allow_files(u64::MAX - 1).map_err(|error| error.to_string());
        let (_, hard) =
            nix::sys::resource::getrlimit(nix::sys::resource::Resource::RLIMIT_NOFILE).unwrap();
        assert_eq!(error.is_err(), hard < u64::MAX - 1);
    }
}
