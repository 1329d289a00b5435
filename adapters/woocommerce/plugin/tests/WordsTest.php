<?php
/**
 * What the owner reads, and what the record says.
 *
 * @package Pef_Refunds
 */

use Pef_Refunds\Connection;
use Pef_Refunds\Order_List;
use Pef_Refunds\Record;
use Pef_Refunds\Refund_View;
use Pef_Refunds\Settings;
use Pef_Refunds\States;
use PHPUnit\Framework\TestCase;

final class WordsTest extends TestCase {

	protected function setUp(): void {
		World::begin();
	}

	/** Every state that matters to the plugin's own rules has a label. */
	public function test_each_rule_names_known_states_only(): void {
		$ruled = array_merge( States::ATTENTION, States::MONEY_MAY_BE_GONE, States::ENDED_UNPAID, States::QUIET );
		$this->assertSame( array(), array_diff( $ruled, array_keys( States::labels() ) ) );
	}

	/** A state of a newer service is shown as it is, and can bring no HTML along. */
	public function test_unknown_state_is_shown_escaped(): void {
		$this->assertStringContainsString( '&lt;b&gt;', States::badge( '<b>' ) );
		$this->assertStringNotContainsString( '<b>', States::badge( '<b>' ) );
	}

	/** A refund that nobody knows about becomes the owner's business only after an hour. */
	public function test_unknown_needs_the_owner_after_an_hour(): void {
		$entry = array(
			'state'      => 'unknown',
			'updated_at' => '2026-11-20T10:00:00-05:00',
		);
		$then  = strtotime( '2026-11-20T15:00:00Z' );
		$this->assertFalse( States::needs_owner( $entry, $then + 3600 ) );
		$this->assertTrue( States::needs_owner( $entry, $then + 3601 ) );
	}

	/** Held, missing bank details, payouts, failures and returns need the owner at once. */
	public function test_attention_at_once(): void {
		foreach ( array( 'held', 'awaiting_beneficiary', 'payout_due', 'failed', 'returned' ) as $state ) {
			$this->assertTrue( States::needs_owner( array( 'state' => $state ), 0 ), $state );
		}
		$this->assertFalse( States::needs_owner( array( 'state' => 'pending' ), 0 ) );
	}

	/** Whatever is no entry in the order's field is passed over. */
	public function test_damaged_record_is_passed_over(): void {
		$order = World::order( 1 );
		foreach ( array( 'text', 5, null, array( '9' => 'x' ), array( '9' => array( 'state' => 3 ) ) ) as $damaged ) {
			$order->meta['_pef_refunds'] = array( $damaged );
			$this->assertSame( array(), Record::of( $order ) );
		}
	}

	/** An order is found by the states of the refunds it still has, each once. */
	public function test_index_follows_standing_refunds(): void {
		$order = World::order(
			1,
			array(
				'5' => array( 'state' => 'pending' ),
				'6' => array( 'state' => 'failed' ),
				'7' => array( 'state' => 'pending' ),
			)
		);
		World::refund( $order, 5, '10.00' );
		World::refund( $order, 7, '10.00' );
		Record::index( $order );
		$this->assertSame( array( 'pending' ), Record::indexed( $order ) );
	}

	/** While the service has written nothing, its answer counts, and silence is shown as such. */
	public function test_state_before_the_record(): void {
		$this->assertSame( 'waiting', Refund_View::before_record( '', '' ) );
		$this->assertSame( 'waiting', Refund_View::before_record( 'waiting', '' ) );
		$this->assertSame( 'told', Refund_View::before_record( 'told', '' ) );
		$this->assertSame( 'held', Refund_View::before_record( 'told', 'held' ) );
	}

	/** The CIP comes from the transaction or from the field that the owner named. */
	public function test_cip(): void {
		$order = World::order( 1 );
		$this->assertSame( '11546901', Settings::cip_of( $order ) );
		World::set( 'transaction_id_from', 'meta:_cip' );
		$this->assertSame( '', Settings::cip_of( $order ) );
		$order->meta['_cip'] = array( '222' );
		$this->assertSame( '222', Settings::cip_of( $order ) );
	}

	/** A link to the console leads to the refund, and there is none without a refund's name. */
	public function test_console_link(): void {
		$this->assertSame( 'https://pef.example/console/refunds/RF1', Settings::console_link( 'RF1' ) );
		World::set( 'console', 'https://c.example/' );
		$this->assertSame( 'https://c.example/refunds/RF1', Settings::console_link( 'RF1' ) );
		$this->assertSame( '', Settings::console_link( '' ) );
	}

	/** Only webhooks that lead to the service's own address name the store. */
	public function test_store_in_a_delivery_address(): void {
		$at = 'https://pef.example';
		$this->assertSame( 'tienda', Connection::store_in( $at . '/webhooks/woocommerce/tienda', $at ) );
		$this->assertSame( '', Connection::store_in( 'https://pef.example.evil/webhooks/woocommerce/tienda', $at ) );
		$this->assertSame( '', Connection::store_in( $at . '/webhooks/woocommerce/../x', $at ) );
		$this->assertSame( '', Connection::store_in( '/webhooks/woocommerce/tienda', '' ) );
	}

	/** A choice of the filter that does not exist narrows nothing. */
	public function test_filter_choices(): void {
		$this->assertSame( array( 'pending' ), Order_List::states_of( 'pending' ) );
		$this->assertSame( array(), Order_List::states_of( "x' OR 1" ) );
		$this->assertContains( 'unknown', Order_List::states_of( 'attention' ) );
	}
}
