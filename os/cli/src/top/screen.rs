//! The screen: looks again and again, and follows the keys.

use std::io::{self, IsTerminal};
use std::thread;
use std::time::{Duration, Instant};

use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::crossterm::event::{self, Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

use super::sample::Sample;
use super::state::{Request, State};
use super::view::draw;
use crate::arguments::Options;
use crate::client::Client;
use crate::output::print;

/// Between two looks, if nothing else was said.
const PERIOD: Duration = Duration::from_secs(1);
/// The size of what `--once` prints.
const ONCE: (u16, u16) = (120, 40);

/// `selkie top`
pub(crate) fn run(client: &Client, options: &Options) -> Result<(), String> {
    let mut state = State::new(options)?;
    let period = options.every.unwrap_or(PERIOD);
    if options.once {
        return once(client, &mut state, period);
    }
    if !io::stdout().is_terminal() {
        return Err(
            "the standard output is no terminal; --once prints one look as text".to_owned(),
        );
    }
    // The first look is made before the screen changes, so that an error stays to be read.
    let sample = look(client, &state, None)?;
    let mut terminal = ratatui::try_init().map_err(|error| error.to_string())?;
    let ended = follow(&mut terminal, client, &mut state, period, sample);
    ratatui::restore();
    ended.map_err(|error| error.to_string())
}

fn look(client: &Client, state: &State, before: Option<&Sample>) -> Result<Sample, String> {
    let mut sample = Sample::take(client, state.by_place, &state.filter, before)?;
    state.sort(&mut sample);
    Ok(sample)
}

/// Two looks, so that there are rates, and the second as text.
fn once(client: &Client, state: &mut State, period: Duration) -> Result<(), String> {
    let first = look(client, state, None)?;
    thread::sleep(period);
    let sample = look(client, state, Some(&first))?;
    let rows = sample.tasks.len() + sample.workers() + 8;
    let height = u16::try_from(rows).unwrap_or(u16::MAX).min(ONCE.1);
    let failed = |error: io::Error| error.to_string();
    let mut terminal = Terminal::new(TestBackend::new(ONCE.0, height)).map_err(failed)?;
    let drawn = terminal.draw(|frame| draw(frame, state, Some(&sample)));
    drawn.map_err(failed)?;
    let buffer = terminal.backend().buffer();
    let lines = buffer.content.chunks(usize::from(ONCE.0)).map(|cells| {
        let line: String = cells.iter().map(|cell| cell.symbol()).collect();
        format!("{}\n", line.trim_end())
    });
    // The keys at the foot are for the screen.
    let mut lines: Vec<String> = lines.collect();
    lines.pop();
    print(&lines.concat())
}

fn follow(
    terminal: &mut ratatui::DefaultTerminal,
    client: &Client,
    state: &mut State,
    period: Duration,
    first: Sample,
) -> io::Result<()> {
    let mut sample = Some(first);
    let mut next = Instant::now() + period;
    loop {
        terminal.draw(|frame| draw(frame, state, sample.as_ref()))?;
        let mut is_due = false;
        if event::poll(next.saturating_duration_since(Instant::now()))? {
            match event::read()? {
                Event::Key(key) if key.kind != KeyEventKind::Release => match press(state, key) {
                    Request::Quit => return Ok(()),
                    Request::Look => is_due = true,
                    Request::Nothing => {}
                },
                _ => {}
            }
            if let Some(sample) = &mut sample {
                state.sort(sample);
                state.scroll = state.scroll.min(sample.tasks.len().saturating_sub(1));
            }
        }
        let is_over = Instant::now() >= next;
        if is_due || (is_over && !state.is_paused) {
            // When a look fails, the one before stays on the screen.
            match look(client, state, sample.as_ref()) {
                Ok(new) => {
                    sample = Some(new);
                    state.failure = None;
                }
                Err(error) => state.failure = Some(error),
            }
        }
        if is_due || is_over {
            next = Instant::now() + period;
        }
    }
}

fn press(state: &mut State, key: KeyEvent) -> Request {
    match key.code {
        KeyCode::Char('c') if key.modifiers.contains(KeyModifiers::CONTROL) => Request::Quit,
        KeyCode::Char(letter) => state.press(letter),
        KeyCode::Backspace if state.is_typing => {
            state.filter.pop();
            Request::Look
        }
        KeyCode::Enter => {
            state.is_typing = false;
            Request::Nothing
        }
        KeyCode::Esc => {
            state.is_typing = false;
            state.has_help = false;
            state.filter.clear();
            Request::Look
        }
        KeyCode::Down => {
            state.scroll += 1;
            Request::Nothing
        }
        KeyCode::Up => {
            state.scroll = state.scroll.saturating_sub(1);
            Request::Nothing
        }
        KeyCode::PageDown => {
            state.scroll += 20;
            Request::Nothing
        }
        KeyCode::PageUp => {
            state.scroll = state.scroll.saturating_sub(20);
            Request::Nothing
        }
        _ => Request::Nothing,
    }
}
