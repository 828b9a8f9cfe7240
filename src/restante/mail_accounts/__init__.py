"""The accounts of the mail program: the file that holds them, their secrets, and how their servers are found.

`load_accounts(accounts_file(os.environ))`, then `find_account(accounts, name)`, then
`await Logins(secrets).for_pop3(account)` gives what `restante.client.connect(account.pop3, login=…)` takes.
"""

from restante.mail_accounts.faults import (
    AccountFileFault,
    ConsentWithdrawn,
    MailAccountFault,
    SecretFault,
    TokenFault,
)
from restante.mail_accounts.logins import Logins
from restante.mail_accounts.model import Account, Accounts, OAuth
from restante.mail_accounts.places import accounts_file, mail_data_folder
from restante.mail_accounts.reading import find_account, load_accounts
from restante.mail_accounts.secrets import KeyringPort, Secrets
from restante.mail_accounts.writing import put_account, remove_account, set_default

__all__ = [
    "Account",
    "AccountFileFault",
    "Accounts",
    "ConsentWithdrawn",
    "KeyringPort",
    "Logins",
    "MailAccountFault",
    "OAuth",
    "SecretFault",
    "Secrets",
    "TokenFault",
    "accounts_file",
    "find_account",
    "load_accounts",
    "mail_data_folder",
    "put_account",
    "remove_account",
    "set_default",
]
