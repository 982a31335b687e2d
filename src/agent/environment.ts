/**
 * The environment that the agent and its payload are started with: this, and nothing of whoever
 * started the launcher. The runtime obeys variables (BUN_OPTIONS, BUN_BE_BUN) that would run other
 * code as root.
 */
const PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'
export const CLEAN_ENVIRONMENT = { PATH, HOME: '/', LANG: 'C.UTF-8' }
