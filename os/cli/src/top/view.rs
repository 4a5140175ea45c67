//! What is drawn: figures of the runtime, its workers, its tasks.

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Color, Modifier, Style};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Cell, Clear, Paragraph, Row, Table};

use super::sample::Sample;
use super::state::State;
use crate::figures::{clean, clock, duration, number, short, text};

/// Workers that are shown at most.
const MOST_WORKERS: usize = 16;
/// Cells of a worker's bar.
const BAR: usize = 20;
/// From here on a poll, or a wait, is coloured.
const LONG_SECONDS: f64 = 0.01;

const DIM: Style = Style::new().fg(Color::DarkGray);
const BOLD: Style = Style::new().add_modifier(Modifier::BOLD);
const TITLES: Style = Style::new().add_modifier(Modifier::REVERSED);

const HELP: &str = "\
 q  quit            p  pause, go on
 s  next column     <  the one before
 r  reverse         g  by place, by task
 /  filter          j k ↓ ↑  scroll
 ?  this help       Esc  no filter";

/// Draws all of it.
pub(super) fn draw(frame: &mut Frame<'_>, state: &State, sample: Option<&Sample>) {
    let workers = sample.map_or(0, Sample::workers).min(MOST_WORKERS);
    let heights = [
        Constraint::Length(3),
        Constraint::Length(workers as u16 + 2),
        Constraint::Fill(1),
        Constraint::Length(1),
    ];
    let [head, middle, tasks, foot] = Layout::vertical(heights).areas(frame.area());
    if let Some(sample) = sample {
        frame.render_widget(Paragraph::new(figures(state, sample)), head);
        frame.render_widget(worker_table(sample), middle);
        draw_tasks(frame, tasks, state, sample);
    }
    frame.render_widget(Paragraph::new(footer(state, sample)), foot);
    if state.has_help {
        draw_help(frame);
    }
}

fn figures(state: &State, sample: &Sample) -> Vec<Line<'static>> {
    let stats = &sample.stats;
    let figure = |name: &str| short(number(stats, &format!("/figures/{name}")));
    let rate = |rate: Option<f64>| rate.map_or("-".to_owned(), short);
    let program = format!("{} ({})", clean(text(stats, "/program")), stats["process"]);
    let status = match (&state.failure, state.is_paused) {
        (Some(_), _) => Span::styled("lost", Style::new().fg(Color::Red)),
        (None, true) => Span::styled("paused", Style::new().fg(Color::Yellow)),
        (None, false) => Span::styled("running", Style::new().fg(Color::Green)),
    };
    let first = Line::from(vec![
        Span::styled(program, BOLD),
        Span::raw(format!("  runtime {}", clean(text(stats, "/runtime")))),
        Span::raw(format!("  {}  ", clock(number(stats, "/shown_seconds")))),
        status,
    ]);
    let second = format!(
        "tasks {} ({} spawned)  queued {} from outside  timers {}  blocking {} ({} idle, {} queued)",
        figure("tasks_alive"),
        figure("tasks_spawned_total"),
        figure("inject_queue_depth"),
        figure("timers"),
        figure("blocking_threads"),
        figure("blocking_threads_idle"),
        figure("blocking_queue_depth"),
    );
    let sources = number(stats, "/figures/io_sources_registered_total")
        - number(stats, "/figures/io_sources_deregistered_total");
    let stalled = match number(stats, "/figures/stalled_polls_total") {
        0.0 => String::new(),
        count => format!("STALLED {}  ", short(count)),
    };
    let third = format!(
        "{stalled}polls {}/s  I/O events {}/s from {} sources  steals {}/s  parks {}/s  {} of {} workers sleep",
        rate(sample.workers_rate("polls_total")),
        rate(sample.rate("/figures/io_ready_events_total")),
        short(sources),
        rate(sample.workers_rate("steals_total")),
        rate(sample.workers_rate("parks_total")),
        figure("workers_sleeping"),
        sample.workers(),
    );
    vec![first, Line::from(second), Line::from(third)]
}

fn right(text: impl Into<String>) -> Cell<'static> {
    Cell::from(Line::from(text.into()).right_aligned())
}

fn worker_table(sample: &Sample) -> Table<'static> {
    let titles = [
        "worker",
        "busy",
        "",
        "polls/s",
        "mean poll",
        "queued",
        "stolen/s",
        "parks/s",
    ];
    let titles = titles.map(|title| {
        if title == "busy" {
            Cell::from(title)
        } else {
            right(title)
        }
    });
    let rows = (0..sample.workers().min(MOST_WORKERS)).map(|worker| {
        let at = |figure: &str| format!("/workers/{worker}/{figure}");
        let rate = |figure: &str| right(sample.rate(&at(figure)).map_or("-".to_owned(), short));
        let busy = sample.worker_share(worker);
        Row::new([
            right(worker.to_string()),
            Cell::from(bar(busy.unwrap_or_default())),
            right(busy.map_or("-".to_owned(), |share| format!("{:.1}%", share * 100.0))),
            rate("polls_total"),
            right(duration(number(&sample.stats, &at("mean_poll_seconds")))),
            right(short(number(&sample.stats, &at("queue_depth")))),
            rate("steals_total"),
            rate("parks_total"),
        ])
    });
    let widths = [6, BAR as u16, 7, 8, 10, 8, 9, 8].map(Constraint::Length);
    let header = Row::new(titles).style(TITLES);
    Table::new(rows, widths).header(header)
}

fn bar(share: f64) -> Line<'static> {
    let full = (share * BAR as f64).round() as usize;
    let full = full.min(BAR);
    let color = if share > 0.9 { Color::Red } else { Color::Cyan };
    Line::from(vec![
        Span::styled("█".repeat(full), Style::new().fg(color)),
        Span::styled("·".repeat(BAR - full), DIM),
    ])
}

fn draw_tasks(frame: &mut Frame<'_>, area: Rect, state: &State, sample: &Sample) {
    let columns = state.columns();
    let titles = columns.iter().enumerate().map(|(at, column)| {
        let mark = match (at == state.sort, state.is_reversed != column.is_text) {
            (false, _) => "",
            (true, false) => "▾",
            (true, true) => "▴",
        };
        let title = format!("{}{mark}", column.title);
        if column.is_text {
            Cell::from(title)
        } else {
            right(title)
        }
    });
    let height = usize::from(area.height.saturating_sub(1));
    let last = sample.tasks.len().saturating_sub(height);
    let rows = sample
        .tasks
        .iter()
        .skip(state.scroll.min(last))
        .take(height);
    let rows = rows.map(|task| {
        let cells = columns.iter().map(|column| {
            let is_long = matches!(
                column.key,
                "longest_poll_seconds" | "longest_queued_seconds"
            ) && number(task, &format!("/{}", column.key)) > LONG_SECONDS;
            let style = if is_long {
                Style::new().fg(Color::Red)
            } else {
                Style::new()
            };
            let text = column.cell(task, sample);
            let cell = if column.is_text {
                Cell::from(text)
            } else {
                right(text)
            };
            cell.style(style)
        });
        Row::new(cells.collect::<Vec<_>>())
    });
    let widths = columns.iter().map(|column| match column.is_text {
        true => Constraint::Min(column.width),
        false => Constraint::Length(column.width),
    });
    let table = Table::new(rows, widths);
    frame.render_widget(table.header(Row::new(titles).style(TITLES)), area);
}

fn footer(state: &State, sample: Option<&Sample>) -> Line<'static> {
    if let Some(failure) = &state.failure {
        return Line::styled(failure.clone(), Style::new().fg(Color::Red));
    }
    if state.is_typing {
        return Line::from(format!(
            "filter: {}▏   Enter keeps it, Esc takes it back",
            state.filter
        ));
    }
    let what = if state.by_place { "places" } else { "tasks" };
    let matching = sample.map_or(0, |sample| sample.matching);
    let filter = match &*state.filter {
        "" => String::new(),
        filter => format!(" that match {filter:?}"),
    };
    Line::styled(
        format!(
            "{matching} {what}{filter}   q quit  s sort  r reverse  / filter  g group  p pause  ? help"
        ),
        DIM,
    )
}

fn draw_help(frame: &mut Frame<'_>) {
    let area = frame.area();
    let (width, height) = (44.min(area.width), 7.min(area.height));
    let help = Rect::new(
        (area.width - width) / 2,
        (area.height - height) / 2,
        width,
        height,
    );
    frame.render_widget(Clear, help);
    let block = ratatui::widgets::Block::bordered().title(" keys ");
    frame.render_widget(Paragraph::new(HELP).block(block), help);
}
