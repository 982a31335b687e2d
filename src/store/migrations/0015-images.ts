import { type Kysely, sql } from 'kysely'

/**
 * Container images: what each version is the image of, and the bytes that clients ask for by their
 * digest. What an image was stays when a build for another processor makes it another one, because
 * clusters name it by digest.
 */
export const images = { name: '0015-images', up }

async function up(database: Kysely<unknown>): Promise<void> {
  // Tags are compared as bytes, which is how they are sorted for clients.
  await sql
    .raw(
      `create table image (
        version text collate "C" primary key,
        made_of text not null,
        digest text not null,
        created_at bigint not null
      )`,
    )
    .execute(database)
  await sql
    .raw(
      `create table image_blob (
        digest text primary key,
        media_type text not null,
        segments text not null,
        created_at bigint not null
      )`,
    )
    .execute(database)
}
