// A file on its way: the workbench keeps it, and the words that come with it name it.
const LARGEST = 25 * 1024 * 1024;

/** The ids under which they can be sent along. Throws a sentence for the person. */
export async function upload(files: readonly File[]): Promise<string[]> {
  return Promise.all(files.map(one));
}

async function one(file: File): Promise<string> {
  if (file.size > LARGEST) throw new Error(`${file.name} is too large for the workbench`);
  const answer = await fetch(`/workbench/files?name=${encodeURIComponent(file.name)}`, {
    method: "POST",
    headers: { "Content-Type": file.type || "application/octet-stream" },
    body: file,
  });
  const told = (await answer.json()) as { id?: string; error?: string };
  if (!told.id) throw new Error(told.error ?? `${file.name} could not be sent`);
  return told.id;
}
