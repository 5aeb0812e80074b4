//! Others that do the same: nginx and HAProxy of Debian, where they are installed.

use std::fs;
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Command, Stdio};

use super::process::Process;
use super::{until, Outcome};

/// A server to compare with.
pub(crate) struct Rival {
    pub(crate) process: Process,
    pub(crate) address: String,
}

impl Rival {
    /// nginx as it is meant to be run (sendfile, no log, one process), for the files of a directory.
    pub(crate) fn nginx(root: &Path) -> Outcome<Option<Rival>> {
        nginx(root, &format!("root {};", root.display()))
    }

    /// nginx that hands requests on as they come, as is advised for streams.
    pub(crate) fn nginx_in_front_of(root: &Path, port: &str) -> Outcome<Option<Rival>> {
        let proxy = format!(
            "location / {{ proxy_pass http://127.0.0.1:{port}; proxy_http_version 1.0; \
             proxy_buffering off; proxy_buffer_size 64k; proxy_buffers 8 64k; }}"
        );
        nginx(root, &proxy)
    }

    /// HAProxy that moves bodies inside the kernel.
    pub(crate) fn haproxy_in_front_of(root: &Path, port: &str) -> Outcome<Option<Rival>> {
        // Pipes are a quarter of the connections where nothing is said.
        let text = |address: &str| {
            format!(
                "global\n nbthread 1\n maxconn 1000\n maxpipes 1000\n\
                 defaults\n mode http\n option splice-response\n\
                 timeout connect 10s\n timeout client 1h\n timeout server 1h\n\
                 listen streams\n bind {address}\n server receiver 127.0.0.1:{port}\n"
            )
        };
        start(root, "haproxy", &["-db", "-f"], text)
    }
}

fn nginx(root: &Path, server: &str) -> Outcome<Option<Rival>> {
    let text = |address: &str| {
        format!(
            "daemon off; master_process off; pid {0}/nginx.pid; error_log /dev/null;\n\
             events {{}}\n\
             http {{ access_log off; sendfile on; tcp_nopush on; keepalive_requests 1000000;\n\
             server {{ listen {address}; {server} }} }}\n",
            root.display()
        )
    };
    let prefix = root.to_str().ok_or("a strange directory")?;
    start(root, "nginx", &["-p", prefix, "-c"], text)
}

/// Starts it with a file of this text, named behind its arguments; `None` if it is not installed.
fn start(
    root: &Path,
    name: &str,
    arguments: &[&str],
    text: impl Fn(&str) -> String,
) -> Outcome<Option<Rival>> {
    let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?.to_string();
    let file = root.join(name);
    fs::write(&file, text(&address))?;
    let mut command = Command::new(name);
    command.args(arguments).arg(&file).stderr(Stdio::null());
    let Ok(process) = Process::spawn(&mut command) else {
        return Ok(None);
    };
    until(name, || Ok(TcpStream::connect(&address).ok()))?;
    Ok(Some(Rival { process, address }))
}
