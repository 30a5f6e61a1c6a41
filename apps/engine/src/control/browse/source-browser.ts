import type { PreviewView, SampleView, SourceCollectionView } from '@emcachers/core/api-views';
import type { Shape } from '@emcachers/core/shape';

/** Looks into MongoDB for the form that defines an entity; reads small samples and never writes. EMC-2001 while MongoDB is away. */
export interface SourceBrowser {
  list(): Promise<SourceCollectionView[]>;
  sample(sourceName: string): Promise<SampleView>;
  /** The engine's own projection of a few sampled documents under a shape that is not an entity yet. */
  preview(shape: Shape): Promise<PreviewView>;
}
