-- 0012 the thread of a mail is found by the ids in it
--
-- A mail that Postmark brought is known by Postmark's id; answers to it name its Message-ID. An answer may come before what
-- it answers. Both indexes hold mails only, so no other contact pays for them.

create index contact_mail on loket.contact (inbox, (fields ->> 'messageId')) where channel = 'email';
create index contact_mail_answers on loket.contact (inbox, reply_to) where channel = 'email';
