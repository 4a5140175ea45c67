//! The command line, read by `lexopt`.

use std::path::PathBuf;

use lexopt::prelude::{Long, Short, Value, ValueExt};
use lexopt::{Arg, Parser};

use crate::name::check_name;
use crate::own_program::{CargoTarget, OwnProgram};
use crate::usage::{check_command, check_usage};

/// What the command line asks for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Action {
    /// Of one command, or of all.
    Help(Option<String>),
    Version,
    List,
    Build {
        board: String,
        program: Option<String>,
    },
    BuildOwn {
        board: String,
        program: OwnProgram,
    },
    RunOwn {
        board: String,
        program: OwnProgram,
    },
    Deploy(Deployment),
    New {
        name: String,
        chip: String,
    },
    Test(String),
    Run {
        board: String,
        program: String,
    },
    Boot(String),
    Repeat {
        board: String,
        runs: usize,
    },
    Size(String),
    Cost(String),
    Stack(String),
    Table,
}

/// What is to be deployed, and where.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Deployment {
    pub(crate) board: String,
    pub(crate) host: String,
    pub(crate) program: OwnProgram,
    pub(crate) name: Option<String>,
    pub(crate) unit: Option<PathBuf>,
    pub(crate) is_dry: bool,
}

/// The options, as they stand.
#[derive(Debug, Default)]
struct Options {
    manifest: Option<PathBuf>,
    bin: Option<String>,
    example: Option<String>,
    features: Option<String>,
    keeps_symbols: bool,
    name: Option<String>,
    unit: Option<PathBuf>,
    is_dry: bool,
    chip: Option<String>,
    /// Those that were given.
    given: Vec<&'static str>,
}

/// What the command line asks for.
///
/// # Errors
/// What is not understood, in a sentence.
pub(crate) fn parse(mut parser: Parser) -> Result<Action, String> {
    let (mut words, mut options) = (Vec::<String>::new(), Options::default());
    let said = |error: lexopt::Error| error.to_string();
    while let Some(argument) = parser.next().map_err(said)? {
        match argument {
            Value(word) => words.push(word.string().map_err(said)?),
            Long("help") | Short('h') => return help(words.first().map(String::as_str)),
            Long("version") | Short('V') => return Ok(Action::Version),
            other => {
                let known = options.read(&other)?;
                options.take(known, &mut parser).map_err(said)?;
            }
        }
    }
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match *words {
        [] if options.given.is_empty() => help(None),
        ["help"] => help(None),
        ["help", command] => help(Some(command)),
        _ => options.action(&words),
    }
}

fn help(command: Option<&str>) -> Result<Action, String> {
    let command = command.filter(|command| *command != "help");
    if let Some(command) = command {
        check_command(command)?;
    }
    Ok(Action::Help(command.map(str::to_owned)))
}

impl Options {
    /// Which option this is.
    fn read(&mut self, argument: &Arg<'_>) -> Result<&'static str, String> {
        const KNOWN: [&str; 9] = [
            "chip",
            "manifest-path",
            "bin",
            "example",
            "features",
            "symbols",
            "name",
            "unit",
            "dry-run",
        ];
        let known = KNOWN.into_iter().find(|known| *argument == Long(known));
        let known = known.ok_or_else(|| match argument {
            Long(name) => format!("there is no option --{name}"),
            Short(letter) => format!("there is no option -{letter}"),
            Value(word) => format!("{word:?} is not understood"),
        })?;
        self.given.push(known);
        Ok(known)
    }

    /// Takes the value of the option `known`, if it has one.
    fn take(&mut self, known: &str, parser: &mut Parser) -> Result<(), lexopt::Error> {
        match known {
            "manifest-path" => self.manifest = Some(parser.value()?.into()),
            "bin" => self.bin = Some(parser.value()?.string()?),
            "example" => self.example = Some(parser.value()?.string()?),
            "features" => self.features = Some(parser.value()?.string()?),
            "chip" => self.chip = Some(parser.value()?.string()?),
            "name" => self.name = Some(parser.value()?.string()?),
            "unit" => self.unit = Some(parser.value()?.into()),
            "symbols" => self.keeps_symbols = true,
            _ => self.is_dry = true,
        }
        Ok(())
    }

    fn action(self, words: &[&str]) -> Result<Action, String> {
        check_usage(words, &self.given, self.manifest.is_some())?;
        let own = |word: &str| word.to_owned();
        match *words {
            [command @ ("build" | "run"), board] if self.manifest.is_some() => {
                let board = own(board);
                let program = self.program()?;
                Ok(match command {
                    "build" => Action::BuildOwn { board, program },
                    _ => Action::RunOwn { board, program },
                })
            }
            ["run", _] => {
                Err("--manifest-path PATH is missing, or a PROGRAM of this repository".to_owned())
            }
            ["new", name] => {
                let chip = self
                    .chip
                    .ok_or("--chip is missing: `list` names the chips")?;
                let name = own(name);
                Ok(Action::New { name, chip })
            }
            ["deploy", board, host] => self.deployment(own(board), own(host)).map(Action::Deploy),
            _ => of_this_repository(words),
        }
    }

    fn program(&self) -> Result<OwnProgram, String> {
        let manifest = self.manifest.clone();
        let manifest =
            manifest.ok_or("--manifest-path is missing: the Cargo.toml of your package")?;
        let target = match (self.bin.clone(), self.example.clone()) {
            (None, None) => CargoTarget::Only,
            (Some(name), None) => CargoTarget::Bin(name),
            (None, Some(name)) => CargoTarget::Example(name),
            (Some(_), Some(_)) => return Err("--bin and --example exclude each other".to_owned()),
        };
        Ok(OwnProgram {
            manifest,
            target,
            features: self.features.clone(),
            keeps_symbols: self.keeps_symbols,
        })
    }

    fn deployment(self, board: String, host: String) -> Result<Deployment, String> {
        // ssh would take it for an option.
        if host.starts_with('-') || host.is_empty() {
            return Err(format!("{host:?} is no host"));
        }
        let program = self.program()?;
        if let Some(name) = &self.name {
            check_name(name)?;
        }
        Ok(Deployment {
            board,
            host,
            program,
            name: self.name,
            unit: self.unit,
            is_dry: self.is_dry,
        })
    }
}

fn of_this_repository(words: &[&str]) -> Result<Action, String> {
    let own = |word: &str| word.to_owned();
    Ok(match *words {
        ["list"] => Action::List,
        ["build", board] => Action::Build {
            board: own(board),
            program: None,
        },
        ["build", board, program] => Action::Build {
            board: own(board),
            program: Some(own(program)),
        },
        ["test", board] => Action::Test(own(board)),
        ["run", board, program] => Action::Run {
            board: own(board),
            program: own(program),
        },
        ["boot", board] => Action::Boot(own(board)),
        ["repeat", board, runs] => Action::Repeat {
            board: own(board),
            runs: number_of_runs(runs)?,
        },
        ["size", board] => Action::Size(own(board)),
        ["cost", board] => Action::Cost(own(board)),
        ["stack", board] => Action::Stack(own(board)),
        ["table"] => Action::Table,
        _ => return Err(format!("`{}` is not understood", words.join(" "))),
    })
}

/// A number of runs: one at least, or nothing would be tried.
fn number_of_runs(word: &str) -> Result<usize, String> {
    let runs = word.parse().ok().filter(|runs| *runs > 0);
    runs.ok_or_else(|| format!("{word:?} is not a number of runs"))
}

#[cfg(test)]
mod tests {
    use super::{Action, parse};
    use crate::help::help;
    use crate::usage::USAGES;

    fn read(words: &str) -> Result<Action, String> {
        parse(lexopt::Parser::from_args(words.split_whitespace()))
    }

    #[test]
    fn own_programs_are_built_and_deployed() {
        let Ok(Action::BuildOwn { board, program }) =
            read("build pi-zero --manifest-path a/Cargo.toml --bin b --features x,y")
        else {
            panic!("it is understood");
        };
        assert_eq!(
            (&*board, program.features.as_deref()),
            ("pi-zero", Some("x,y"))
        );
        assert!(!program.keeps_symbols);
        let Ok(Action::Deploy(deployment)) =
            read("deploy pi-zero me@pi --manifest-path Cargo.toml --symbols --name tide --dry-run")
        else {
            panic!("it is understood");
        };
        assert_eq!((&*deployment.host, deployment.is_dry), ("me@pi", true));
        assert_eq!(deployment.name.as_deref(), Some("tide"));
        assert!(deployment.program.keeps_symbols);
    }

    #[test]
    fn what_is_wrong_is_said() {
        for (words, why) in [
            ("frobnicate", "there is no command `frobnicate`"),
            ("frobnicate --help", "there is no command `frobnicate`"),
            ("help frobnicate", "there is no command `frobnicate`"),
            ("--bin x", "there is no command"),
            ("list --bin x", "--bin does not go with `list`"),
            ("list all", "it is `list`"),
            ("list --color", "there is no option --color"),
            (
                "build",
                "it is `build BOARD --manifest-path PATH` or `build BOARD` or `build BOARD PROGRAM`",
            ),
            ("build pico --bin x", "--bin does not go with `build BOARD`"),
            (
                "build pico x --manifest-path y",
                "--manifest-path does not go with `build BOARD PROGRAM`",
            ),
            ("run pico", "--manifest-path PATH is missing"),
            ("repeat cortex-m0", "it is `repeat BOARD RUNS`"),
            ("repeat cortex-m0 x", "\"x\" is not a number of runs"),
            ("repeat cortex-m0 0", "\"0\" is not a number of runs"),
            ("new", "it is `new NAME --chip CHIP`"),
            ("new a b --chip rp2040", "it is `new NAME --chip CHIP`"),
            ("new tide", "--chip is missing"),
            // What has no effect is refused, not passed over.
            (
                "new tide --chip rp2040 --dry-run",
                "--dry-run does not go with `new NAME --chip CHIP`",
            ),
            (
                "new tide --chip rp2040 --bin x",
                "--bin does not go with `new",
            ),
            (
                "deploy pi-zero host --manifest-path x --chip y",
                "--chip does not go with `deploy",
            ),
            (
                "deploy pi-zero",
                "it is `deploy BOARD HOST --manifest-path PATH`",
            ),
            ("deploy pi-zero host", "--manifest-path is missing"),
            (
                "deploy pi-zero host --manifest-path",
                "missing argument for option '--manifest-path'",
            ),
            (
                "build pi-zero --manifest-path x --bin a --example b",
                "exclude each other",
            ),
            (
                "build pi-zero --manifest-path x --dry-run",
                "--dry-run does not go with `build BOARD --manifest-path PATH`",
            ),
            (
                "deploy pi-zero host --manifest-path x --name a;b",
                "cannot be a name",
            ),
        ] {
            let error = read(words).expect_err(words);
            assert!(error.contains(why), "{words}: {error}");
        }
        let option = ["deploy", "pi-zero", "--", "-oProxyCommand=x"];
        let error = parse(lexopt::Parser::from_args(option)).expect_err("an option of ssh");
        assert!(error.contains("is no host"), "{error}");
    }

    #[test]
    fn help_is_of_all_or_of_one_command() {
        for words in ["", "--help", "help", "help --help", "-h"] {
            assert_eq!(read(words), Ok(Action::Help(None)), "{words}");
        }
        for words in ["deploy --help", "deploy pico -h", "help deploy"] {
            assert_eq!(
                read(words),
                Ok(Action::Help(Some("deploy".into()))),
                "{words}"
            );
        }
        assert_eq!(read("--version"), Ok(Action::Version));
        for (command, has, has_not) in [
            ("deploy", "--dry-run", "--chip"),
            ("new", "--chip CHIP", "--bin"),
            ("build", "--symbols", "--unit"),
            ("list", "names the boards", "Options"),
        ] {
            let help = help(Some(command));
            assert!(help.contains(has) && !help.contains(has_not), "{help}");
        }
        let page = help(None);
        for (_, usages) in USAGES {
            for usage in usages {
                assert!(page.contains(&usage.line()), "{}", usage.line());
            }
        }
    }
}
