import { alibaba1688Source } from './alibaba1688/alibaba1688.ts'
import { oneboundSource } from './onebound/onebound.ts'
import { taobaoGlobalSource } from './taobaoglobal/taobaoglobal.ts'
import type { Config, SourceName } from '../../config.ts'
import type { Source } from './source.ts'

const OPEN: Record<SourceName, (config: Config) => Source | null> = {
  // The operator's own import: what it says is in the catalogue already.
  feed: () => null,
  onebound: ({ onebound }) => onebound && oneboundSource(onebound),
  alibaba1688: ({ alibaba1688 }) => alibaba1688 && alibaba1688Source(alibaba1688),
  taobaoglobal: ({ taobaoglobal }) => taobaoglobal && taobaoGlobalSource(taobaoglobal),
}

/** The connectors that the operator chose, in the order in which they are asked. */
export function openSources(config: Config): Source[] {
  return [...new Set(config.sources)].map((name) => OPEN[name](config)).filter((source) => source !== null)
}
