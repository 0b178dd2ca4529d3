const FILES_PER_REQUEST = 50;
const BYTES_PER_REQUEST = 32_000_000;

type Sized = { size: number };

/** Split files into batches, so that progress is visible and a failure repeats little. Order is kept. */
export function splitIntoBatches<T extends Sized>(
  files: T[],
  maxFiles = FILES_PER_REQUEST,
  maxBytes = BYTES_PER_REQUEST,
): T[][] {
  const batches: T[][] = [];
  let bytes = 0;
  for (const file of files) {
    const current = batches.at(-1);
    if (!current || current.length >= maxFiles || bytes + file.size > maxBytes) {
      batches.push([file]);
      bytes = file.size;
    } else {
      current.push(file);
      bytes += file.size;
    }
  }
  return batches;
}
