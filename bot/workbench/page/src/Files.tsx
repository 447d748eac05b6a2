// Files: those that came with a message, and those that are about to.
export function Files({ files, drop }: { files: readonly { name: string }[] | undefined; drop?: (at: number) => void }) {
  if (!files?.length) return null;
  return (
    <ul className="files" aria-label={drop ? "Files to send" : "Files"}>
      {files.map((file, at) => (
        <li key={`${at} ${file.name}`}>
          <svg viewBox="0 0 20 20" aria-hidden="true"><path d="M5 2h7l4 4v12H5z M12 2v4h4" /></svg>
          <span>{file.name}</span>
          {drop && <button type="button" aria-label={`Do not send ${file.name}`} onClick={() => drop(at)}>×</button>}
        </li>
      ))}
    </ul>
  );
}
