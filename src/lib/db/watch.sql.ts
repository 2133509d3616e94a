import pg from 'pg'

/** Has the server tell this connection of every NOTIFY on `channel`. */
export async function channelListen(client: pg.ClientBase, channel: string): Promise<void> {
  await client.query(`listen ${pg.escapeIdentifier(channel)}`)
}
