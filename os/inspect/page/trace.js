// A recording of some seconds, saved as a file.
$("record").onclick = async () => {
  const seconds = $("record-seconds").value;
  $("record").disabled = true;
  $("trace-note").textContent = `Recording for ${seconds} s …`;
  try {
    const answer = await askRaw("trace", { seconds });
    const link = make("a", { href: URL.createObjectURL(await answer.blob()), download: "selkie-trace.json", text: "selkie-trace.json" });
    link.click();
    $("trace-note").replaceChildren("Saved as ", link, ": open it in ",
      make("a", { href: "https://ui.perfetto.dev", rel: "noreferrer", target: "_blank", text: "ui.perfetto.dev" }), ", which keeps it on this machine.");
  } catch (error) { $("trace-note").textContent = error.message; }
  $("record").disabled = false;
};
