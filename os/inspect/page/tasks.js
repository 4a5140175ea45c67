// The tasks, one by one or by name and place.
async function showTasks() {}
