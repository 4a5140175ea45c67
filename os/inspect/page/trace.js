// A recording of some seconds, shown and offered as a file.
let savedTrace = null;

$("record").onclick = async () => {
  const seconds = $("record-seconds").value;
  $("record").disabled = true;
  $("trace-note").textContent = `Recording for ${seconds} s …`;
  try {
    const blob = await (await askRaw("trace", { seconds })).blob();
    const trace = JSON.parse(await blob.text());
    if (savedTrace) URL.revokeObjectURL(savedTrace);
    savedTrace = URL.createObjectURL(blob);
    const lost = trace.otherData?.overwritten_events ? ` ${short(trace.otherData.overwritten_events)} older ones did not fit.` : "";
    $("trace-note").replaceChildren(`${short(trace.otherData?.events ?? trace.traceEvents.length)} events.${lost} `,
      make("a", { href: savedTrace, download: "selkie-trace.json", text: "Save them" }), " for ",
      make("a", { href: "https://ui.perfetto.dev", rel: "noreferrer", target: "_blank", text: "ui.perfetto.dev" }), ".");
    showTimeline(trace);
  } catch (error) { $("trace-note").textContent = error.message; }
  $("record").disabled = false;
};
