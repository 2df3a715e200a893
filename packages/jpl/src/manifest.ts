/** A plugin's manifest as signed, placeholders not yet translated. */
export interface Manifest {
  readonly id: string;
  readonly name: string;
  readonly description: string;
  readonly version: string;
  /** Path below the package root, e.g. `data/icon.png`; the default where the manifest names none. */
  readonly iconPath: string;
  readonly backgroundPath: string;
}
