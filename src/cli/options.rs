//! The arguments of the command line.

use crate::lab::words;

/// What stands behind `run`, `preset` or `import`.
#[derive(Debug, Default, PartialEq)]
pub struct Options {
    /// The script, preset or file.
    pub what: String,
    pub trace: Option<String>,
    pub hash: bool,
    pub quiet: bool,
    pub settings: Vec<(String, String)>,
    /// The lab to import into.
    pub lab: Option<String>,
}

/// Reads the arguments of `command`, whose one needed argument is `needed`.
pub fn read(command: &str, needed: &str, args: &[String]) -> Result<Options, String> {
    let mut options = Options::default();
    let mut args = args.iter();
    while let Some(arg) = args.next() {
        let mut value = |what: &str| {
            args.next()
                .cloned()
                .ok_or_else(|| format!("glassbase: {arg} needs {what}, as in {arg} {}", what.to_ascii_uppercase()))
        };
        match arg.as_str() {
            "--trace" => options.trace = Some(value("file")?),
            "--hash" => options.hash = true,
            "--quiet" => options.quiet = true,
            "--lab" if command == "import" => options.lab = Some(value("lab")?),
            "--set" if command == "import" => {
                let both = value("name=value")?;
                let (name, value) = both
                    .split_once('=')
                    .ok_or_else(|| format!("glassbase: \"{both}\" sets nothing; write it as --set page_size=512"))?;
                options.settings.push((name.to_string(), value.to_string()));
            }
            flag if flag.starts_with("--") => {
                let known = ["--trace", "--hash", "--quiet", "--set", "--lab"];
                return Err(format!("glassbase: there is no option {flag}; {}", words::suggestion(flag, known)));
            }
            _ if options.what.is_empty() => options.what = arg.clone(),
            _ => return Err(format!("glassbase: \"{arg}\" is one argument too many; {command} takes one {needed}")),
        }
    }
    if options.hash && options.trace.as_deref() == Some("-") {
        return Err("glassbase: --hash and --trace - both write to standard output; take one of them".to_string());
    }
    if options.what.is_empty() {
        return Err(format!("glassbase: {command} needs a {needed}; glassbase help says more"));
    }
    Ok(options)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_words(command: &str, line: &str) -> Result<Options, String> {
        let args: Vec<String> = line.split(' ').filter(|word| !word.is_empty()).map(str::to_string).collect();
        read(command, "script", &args)
    }

    #[test]
    fn options_may_stand_anywhere() {
        let options = read_words("run", "--quiet a.gb --trace out --hash").unwrap();
        assert_eq!((options.what.as_str(), options.trace.as_deref()), ("a.gb", Some("out")));
        assert!(options.quiet && options.hash);
        let options = read_words("import", "words --set order=4 --lab lsm --set frames=8").unwrap();
        assert_eq!((options.settings.len(), options.lab.as_deref()), (2, Some("lsm")));
    }

    #[test]
    fn what_is_wrong_is_told() {
        assert!(read_words("run", "").unwrap_err().contains("needs a script"));
        assert!(read_words("run", "a b").unwrap_err().contains("one argument too many"));
        assert!(read_words("run", "a --trace").unwrap_err().contains("--trace FILE"));
        assert!(read_words("run", "a --qiet").unwrap_err().contains("did you mean \"--quiet\"?"));
        assert!(read_words("run", "a --set x=1").unwrap_err().contains("no option --set"));
        assert!(read_words("import", "a --set x").unwrap_err().contains("page_size=512"));
    }
}
