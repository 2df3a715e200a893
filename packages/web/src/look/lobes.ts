/** The rosette of twelve lobes that the seal, the mark and the sleeping daemon are drawn with, in a box of 24. */
export const lobes =
  'M12 2.46A2.67 2.67 0 0 1 16.77 3.74A2.67 2.67 0 0 1 20.26 7.23A2.67 2.67 0 0 1 21.54 12A2.67 2.67 0 0 1 20.26 16.77A2.67 2.67 0 0 1 16.77 20.26A2.67 2.67 0 0 1 12 21.54A2.67 2.67 0 0 1 7.23 20.26A2.67 2.67 0 0 1 3.74 16.77A2.67 2.67 0 0 1 2.46 12A2.67 2.67 0 0 1 3.74 7.23A2.67 2.67 0 0 1 7.23 3.74A2.67 2.67 0 0 1 12 2.46Z';

/** The same, larger by a tenth, for the mark. */
export const wideLobes =
  'M12 1.56A2.92 2.92 0 0 1 17.22 2.96A2.92 2.92 0 0 1 21.04 6.78A2.92 2.92 0 0 1 22.44 12A2.92 2.92 0 0 1 21.04 17.22A2.92 2.92 0 0 1 17.22 21.04A2.92 2.92 0 0 1 12 22.44A2.92 2.92 0 0 1 6.78 21.04A2.92 2.92 0 0 1 2.96 17.22A2.92 2.92 0 0 1 1.56 12A2.92 2.92 0 0 1 2.96 6.78A2.92 2.92 0 0 1 6.78 2.96A2.92 2.92 0 0 1 12 1.56Z';

/** What is left of and right of the crack in a seal whose content was changed. */
export const crack = {
  start: 'M0 0h13.4l-2.6 5.5 2.4 4.5-2.8 4.5 2.4 4.5-1.3 5.5H0Z',
  end: 'M24 0H13.4l-2.6 5.5 2.4 4.5-2.8 4.5 2.4 4.5-1.3 5.5H24Z',
} as const;
