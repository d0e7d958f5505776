//! The command line: what may be asked, and how it is told.

/// Shown by `cargo xtask` and after a mistake.
pub(crate) const HELP: &str = "\
cargo xtask serve [--port N] [--no-open]  build the page, serve it on 127.0.0.1, open it, build again on each change
cargo xtask test [--only STEP…] [--skip STEP…] [--list]
                                          run every check, or those named; --list names them
cargo xtask styles                        join the style sheets (Trunk calls this)

Both install what is missing, and say first what that is and how long it takes.
";

/// What was asked.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Task {
    Help,
    Serve(ServeOptions),
    Test(TestOptions),
    Styles,
}

/// How to serve the page.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct ServeOptions {
    pub(crate) port: u16,
    pub(crate) open: bool,
}

/// Which checks to run: all if `only` is empty, less those in `skip`.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct TestOptions {
    pub(crate) only: Vec<String>,
    pub(crate) skip: Vec<String>,
    pub(crate) list: bool,
}

/// Reads the arguments after `cargo xtask`.
pub(crate) fn parse(args: impl Iterator<Item = String>) -> Result<Task, String> {
    let args: Vec<String> = args.collect();
    let Some((task, rest)) = args.split_first() else { return Ok(Task::Help) };
    match task.as_str() {
        "serve" => parse_serve(rest).map(Task::Serve),
        "test" => parse_test(rest).map(Task::Test),
        "styles" if rest.is_empty() => Ok(Task::Styles),
        "help" | "--help" | "-h" => Ok(Task::Help),
        other => Err(format!("`{other}` is no task of xtask")),
    }
}

fn parse_serve(args: &[String]) -> Result<ServeOptions, String> {
    let mut options = ServeOptions { port: 8080, open: true };
    let mut args = args.iter();
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "--no-open" => options.open = false,
            "--port" => {
                let value = args.next().ok_or("--port needs a number, for example --port 8081")?;
                options.port = value.parse().map_err(|_| format!("--port {value}: a port is a number from 0 to 65535"))?;
            }
            other => return Err(format!("`{other}` is no option of `cargo xtask serve`")),
        }
    }
    Ok(options)
}

fn parse_test(args: &[String]) -> Result<TestOptions, String> {
    let mut options = TestOptions::default();
    let mut list: Option<&mut Vec<String>> = None;
    for arg in args {
        match arg.as_str() {
            "--list" => options.list = true,
            "--only" => list = Some(&mut options.only),
            "--skip" => list = Some(&mut options.skip),
            option if option.starts_with('-') => return Err(format!("`{option}` is no option of `cargo xtask test`")),
            step => match list.as_mut() {
                Some(list) => list.push(step.to_owned()),
                None => return Err(format!("say `--only {step}` or `--skip {step}`")),
            },
        }
    }
    Ok(options)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse_line(line: &str) -> Result<Task, String> {
        parse(line.split_whitespace().map(str::to_owned))
    }

    #[test]
    fn options_are_read() {
        assert_eq!(parse_line("serve --port 9000 --no-open"), Ok(Task::Serve(ServeOptions { port: 9000, open: false })));
        let Ok(Task::Test(options)) = parse_line("test --only fmt deny --skip deny") else { panic!("not a test task") };
        assert_eq!(options.only, ["fmt", "deny"]);
        assert_eq!(options.skip, ["deny"]);
        assert_eq!(parse_line(""), Ok(Task::Help));
    }

    #[test]
    fn a_mistake_is_named() {
        assert!(parse_line("serve --port many").unwrap_err().contains("--port many"));
        assert!(parse_line("test fmt").unwrap_err().contains("--only fmt"));
        assert!(parse_line("deploy").unwrap_err().contains("deploy"));
    }
}
