//! The arguments of the command line.

use crate::history::linearizable::Model;
use crate::lab::words;

/// The form in which a trace is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// The form that the page opens.
    #[default]
    Text,
    Json,
    Chrome,
    /// The measures after each command.
    Csv,
}

impl Format {
    const ALL: [(&str, Format); 4] =
        [("text", Format::Text), ("json", Format::Json), ("chrome", Format::Chrome), ("csv", Format::Csv)];

    fn named(name: &str) -> Result<Format, String> {
        let found = Format::ALL.iter().find(|(word, _)| *word == name).map(|(_, format)| *format);
        found.ok_or_else(|| {
            let remedy = words::suggestion(name, Format::ALL.map(|(word, _)| word));
            format!("glassbase: there is no format \"{name}\"; {remedy}")
        })
    }
}

/// What stands behind `run`, `preset` or `import`.
#[derive(Debug, Default, PartialEq)]
pub struct Options {
    /// The script, preset or file.
    pub what: String,
    pub trace: Option<String>,
    pub format: Format,
    pub hash: bool,
    pub quiet: bool,
    pub settings: Vec<(String, String)>,
    /// The lab to import into.
    pub lab: Option<String>,
}

/// Reads the arguments of `command`, whose one needed argument is `needed`.
pub fn read(command: &str, needed: &str, args: &[String]) -> Result<Options, String> {
    let mut options = Options::default();
    let mut has_format = false;
    let mut args = args.iter();
    while let Some(arg) = args.next() {
        let mut value = |what: &str| {
            args.next()
                .cloned()
                .ok_or_else(|| format!("glassbase: {arg} needs {what}, as in {arg} {}", what.to_ascii_uppercase()))
        };
        match arg.as_str() {
            "--trace" => options.trace = Some(value("file")?),
            "--format" => {
                options.format = Format::named(&value("format")?)?;
                has_format = true;
            }
            "--hash" => options.hash = true,
            "--quiet" => options.quiet = true,
            "--lab" if command == "import" => options.lab = Some(value("lab")?),
            "--set" if command != "preset" => {
                let both = value("name=value")?;
                let (name, value) = both
                    .split_once('=')
                    .ok_or_else(|| format!("glassbase: \"{both}\" sets nothing; write it as --set page_size=512"))?;
                options.settings.push((name.to_string(), value.to_string()));
            }
            flag if flag.starts_with("--") => {
                let own: &[&str] = match command {
                    "import" => &["--set", "--lab"],
                    "run" => &["--set"],
                    _ => &[],
                };
                let known = ["--trace", "--format", "--hash", "--quiet"].into_iter().chain(own.iter().copied());
                return Err(format!("glassbase: there is no option {flag}; {}", words::suggestion(flag, known)));
            }
            _ if options.what.is_empty() => options.what = arg.clone(),
            _ => return Err(format!("glassbase: \"{arg}\" is one argument too many; {command} takes one {needed}")),
        }
    }
    // A format asks for a trace, so without a file it goes to standard output.
    if has_format && options.trace.is_none() {
        options.trace = Some("-".to_string());
    }
    if options.hash && options.trace.as_deref() == Some("-") {
        return Err("glassbase: --hash and --trace - both write to standard output; take one of them".to_string());
    }
    if options.what.is_empty() {
        return Err(format!("glassbase: {command} needs a {needed}; glassbase help says more"));
    }
    Ok(options)
}

/// What stands behind `check`.
#[derive(Debug, Default, PartialEq)]
pub struct CheckOptions {
    /// The file.
    pub what: String,
    pub model: Option<Model>,
    pub sessions: bool,
    pub limit: Option<u64>,
}

/// Reads the arguments of `check`.
pub fn read_check(args: &[String]) -> Result<CheckOptions, String> {
    let mut options = CheckOptions::default();
    let mut args = args.iter();
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "--sessions" => options.sessions = true,
            "--model" => {
                let names = Model::ALL.map(Model::name);
                let name = args.next().ok_or("glassbase: --model needs a model, as in --model register")?;
                let known = || format!("glassbase: there is no model \"{name}\"; {}", words::suggestion(name, names));
                options.model = Some(Model::named(name).ok_or_else(known)?);
            }
            "--limit" => {
                let steps =
                    args.next().and_then(|steps| steps.replace('_', "").parse().ok()).filter(|steps| *steps > 0);
                options.limit = Some(steps.ok_or("glassbase: --limit needs a number of steps, as in --limit 1000000")?);
            }
            flag if flag.starts_with("--") => {
                let known = ["--model", "--sessions", "--limit"];
                return Err(format!("glassbase: there is no option {flag}; {}", words::suggestion(flag, known)));
            }
            _ if options.what.is_empty() => options.what = arg.clone(),
            _ => return Err(format!("glassbase: \"{arg}\" is one argument too many; check takes one file")),
        }
    }
    if options.what.is_empty() {
        return Err("glassbase: check needs a file; glassbase help check says more".to_string());
    }
    Ok(options)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_check_has_options_of_its_own() {
        let read = |line: &str| read_check(&line.split(' ').map(str::to_string).collect::<Vec<String>>());
        let options = read("--model cas-register h.edn --limit 1_000").unwrap();
        assert_eq!((options.model, options.limit, options.sessions), (Some(Model::CasRegister), Some(1000), false));
        assert!(read("h.edn --model cas-registre").unwrap_err().contains("did you mean \"cas-register\"?"));
        for (line, error) in [
            ("h.edn --limit 0", "needs a number of steps"),
            ("h.edn --limit many", "needs a number of steps"),
            ("h.edn --model", "needs a model"),
            ("h.edn --session", "did you mean \"--sessions\"?"),
            ("a b", "one argument too many"),
            ("--sessions", "needs a file"),
        ] {
            assert!(read(line).unwrap_err().contains(error), "{line}");
        }
    }

    fn read_words(command: &str, line: &str) -> Result<Options, String> {
        let args: Vec<String> = line.split(' ').filter(|word| !word.is_empty()).map(str::to_string).collect();
        read(command, "script", &args)
    }

    #[test]
    fn options_may_stand_anywhere() {
        let options = read_words("run", "--quiet a.gb --trace out --hash").unwrap();
        assert_eq!((options.what.as_str(), options.trace.as_deref()), ("a.gb", Some("out")));
        assert!(options.quiet && options.hash);
        let options = read_words("run", "a.gb --format csv").unwrap();
        assert_eq!((options.format, options.trace.as_deref()), (Format::Csv, Some("-")));
        let options = read_words("import", "words --set order=4 --lab lsm --set frames=8").unwrap();
        assert_eq!((options.settings.len(), options.lab.as_deref()), (2, Some("lsm")));
    }

    #[test]
    fn what_is_wrong_is_told() {
        assert!(read_words("run", "").unwrap_err().contains("needs a script"));
        assert!(read_words("run", "a b").unwrap_err().contains("one argument too many"));
        assert!(read_words("run", "a --trace").unwrap_err().contains("--trace FILE"));
        assert!(read_words("run", "a --format chrom").unwrap_err().contains("did you mean \"chrome\"?"));
        assert!(read_words("run", "a --format csv --hash").unwrap_err().contains("take one of them"));
        assert!(read_words("run", "a --qiet").unwrap_err().contains("did you mean \"--quiet\"?"));
        assert!(read_words("run", "a --bits 4").unwrap_err().contains("no option --bits"));
        assert!(read_words("import", "a --set x").unwrap_err().contains("page_size=512"));
    }
}
