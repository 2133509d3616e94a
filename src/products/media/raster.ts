/** A picture as embedders take it: fitted into 256 × 256, upright, on white, three bytes a pixel, sRGB. */
export type Raster = { width: number; height: number; rgb: Uint8Array }
